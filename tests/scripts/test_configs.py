"""Every option of every group composes, and everything in it with a `_target_` can be built."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from scripts.building import build, check_settings, find_target, to_plain
from scripts.constructors import CONFIGS, find_constructors
from synth.generators.base import Generator
from synth.motion.emotion_track import EmotionTrack
from synth.motion.masks import MASKS
from synth.storage.assets import AssetError

ROOTS = sorted(file.stem for file in CONFIGS.glob("*.yaml"))
OPTIONS = sorted(
    (file.parent.name, file.stem)
    for file in CONFIGS.glob("*/*.yaml")
    if file.parent.name not in ("paths", "hydra") and file.stem != "own"  # named by the user
)


#: Options whose targets do long work on a video: only their settings are checked.
NEED_A_VIDEO = (("track", "video"),)


def compose_root(root: str, *overrides: str) -> DictConfig:
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        return compose(root, list(overrides))


def list_groups(root: str) -> set[str]:
    """The groups in the root's defaults list."""
    content = yaml.safe_load((CONFIGS / f"{root}.yaml").read_text(encoding="utf-8"))
    entries = [entry for entry in content["defaults"] if isinstance(entry, dict)]
    return {key.removeprefix("optional ").strip("/") for entry in entries for key in entry}


@pytest.fixture
def values(tmp_path, tiny_generator) -> dict[str, Any]:
    """What a user has to give where an option leaves a value open."""
    track = tmp_path / "track.yaml"
    track.write_text("[calm, fear]")
    return {
        "generator.path": str(tiny_generator),
        "generator.path.name": "ffhq-256",
        "face.path": str(tmp_path / "face.npz"),
        "track.path": str(track),
        "motion.paths": ["a.png", "b.png"],
        "source": str(tmp_path),
    }


def fill_in(config: DictConfig, values: dict[str, Any]) -> DictConfig:
    for key in OmegaConf.missing_keys(config):
        OmegaConf.update(config, key, values.get(key, "given-by-the-user"))
    if OmegaConf.select(config, "video.fps", default=0) is None:
        config.video.fps = 25  # as `scripts.frame_rate` does before a job is read
    return config


def build_all(config: object, group: str, root: str) -> list[object]:
    """Build each outermost `_target_` in the configuration."""
    if isinstance(config, DictConfig):
        if "_target_" in config:
            return [build(config, group, find_constructors(root))]
        return [item for value in config.values() for item in build_all(value, group, root)]
    return []


def check_group(root: str, group: str, config: DictConfig) -> None:
    """Build what is within a setting, and check that its constructor takes it."""
    allowed = find_constructors(root)
    content = dict(to_plain(config[group]))
    target = find_target(content.pop("_target_"), group, allowed)
    entries = {key: build(value, group, allowed) for key, value in content.items()}
    check_settings(target, group, entries, {})


@pytest.mark.parametrize("root", ROOTS)
def test_each_script_composes_and_resolves(root, values):
    OmegaConf.resolve(fill_in(compose_root(root), values))


@pytest.mark.parametrize("root", ROOTS)
def test_each_script_has_a_configuration_and_each_configuration_a_script(root):
    assert (CONFIGS.parent / "scripts" / f"{root}.py").is_file()


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_each_option_composes_and_can_be_built(group, option, values, monkeypatch):
    monkeypatch.setenv("MOODREEL_OFFLINE", "1")
    monkeypatch.setenv("MOODREEL_CACHE", str(Path(values["track.path"]).parent))
    roots = [root for root in ROOTS if group in list_groups(root)]
    assert roots, f"no script has the group {group} in its defaults"
    for root in roots:
        config = fill_in(compose_root(root, f"{group}={option}"), values)
        OmegaConf.resolve(config)
        if group in ("experiment", "launcher"):
            continue  # made of other groups' options, Hydra's own among them
        if (group, option) in NEED_A_VIDEO:
            check_group(root, group, config)
            continue
        try:
            built = build_all(config[group], group, root)
        except AssetError as error:  # a download: the card was found, which is what can be tested
            assert group == "generator" and "https://" in str(error)
            continue
        assert all(item is not None for item in built)


def test_the_generator_file_option_gives_a_generator(values):
    config = fill_in(compose_root("generate_video", "generator=file"), values)
    assert isinstance(
        build(config.generator, "generator", find_constructors("generate_video")), Generator
    )


@pytest.mark.parametrize("name", sorted(MASKS))
def test_mask_options_are_the_presets(name):
    assert (
        build(
            compose_root("generate_video", f"mask={name}").mask,
            "mask",
            find_constructors("generate_video"),
        )
        == MASKS[name]
    )


def test_the_default_track_shows_all_seven_emotions_and_closes(values):
    config = fill_in(compose_root("generate_video"), values)
    track = build(config.track, "track", find_constructors("generate_video"))
    assert isinstance(track, EmotionTrack)
    assert [int(event.emotion) for event in track.events] == list(range(7))
    assert track.loop


def test_output_places_come_from_the_paths_group_only():
    for file in CONFIGS.rglob("*.yaml"):
        if file.relative_to(CONFIGS) != Path("paths/default.yaml"):
            content = file.read_text(encoding="utf-8").replace("${paths.outputs}", "")
            assert "outputs" not in re.sub("#.*", "", content), file


@pytest.mark.parametrize(
    "override",
    ["inversion/finder=fan", "inversion/finder=dlib", "inversion/start=latents"],
)
def test_options_within_an_inversion_can_be_chosen(override, values):
    config = fill_in(compose_root("invert", override), values)
    assert build(config.inversion, "inversion", find_constructors("invert")) is not None
    nested = override.split("=")[0] + "@face.recipe." + override.split("/")[1]
    config = fill_in(compose_root("generate_video", "face=photo", nested), values)
    assert build(config.face, "face", find_constructors("generate_video")) is not None


@pytest.mark.parametrize("name", ["slurm", "local"])
def test_a_launcher_hands_shards_to_submitit(name):
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    with initialize_config_dir(version_base="1.3", config_dir=str(CONFIGS)):
        config = compose("invert", [f"launcher={name}"], return_hydra_config=True)
    launcher = config.hydra.launcher
    assert launcher._target_.startswith("hydra_plugins.hydra_submitit_launcher")
    assert launcher.timeout_min == 1440

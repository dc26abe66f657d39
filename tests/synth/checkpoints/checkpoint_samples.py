"""Small checkpoints of every foreign format, written from one of our networks."""

import re

import numpy as np
import torch
from named_pickles import Call, Name, dump

from synth.generators.stylegan2 import Discriminator, StyleGAN2, StyleGAN2Config

SMALL = StyleGAN2Config(
    resolution=16, z_dim=12, w_dim=10, mapping_layers=2, channel_base=128, channel_max=16
)
#: What NVIDIA's networks say that were trained in half precision.
CLAMP = 256
FILTER = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


def make_generator(config=SMALL, seed=0) -> StyleGAN2:
    return roughen(StyleGAN2, config, seed)


def make_discriminator(config=SMALL, seed=1) -> Discriminator:
    return roughen(Discriminator, config, seed)


def roughen(kind, config, seed):
    torch.manual_seed(seed)
    network = kind(config)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith(("noise_strength", "w_avg", "bias")):
                tensor.add_(torch.randn_like(tensor) * 0.1)
    return network.eval().requires_grad_(False)


# NVIDIA's PyTorch layout: persistent objects whose tensors lie in nested modules.

PERSISTENT = Name("torch_utils.persistence", "_reconstruct_persistent_obj")


def nvidia_module(state: dict[str, torch.Tensor], class_name: str, **attributes) -> Call:
    own = {name: t for name, t in state.items() if "." not in name}
    children = {}
    for child in dict.fromkeys(name.split(".")[0] for name in state if "." in name):
        below = {n[len(child) + 1 :]: t for n, t in state.items() if n.startswith(child + ".")}
        children[child] = nvidia_module(below, "Layer", **layer_attributes(child))
    buffers = {n: own.pop(n) for n in list(own) if n in ("w_avg", "noise_const")}
    if "noise_const" in buffers:
        buffers["resample_filter"] = FILTER
    parameters = {
        name: Call(Name("torch._utils", "_rebuild_parameter"), (tensor, False, ordered()))
        for name, tensor in own.items()
    }
    contents = {
        "training": False,
        "_parameters": parameters,
        "_buffers": Call(Name("collections", "OrderedDict"), (list(map(list, buffers.items())),)),
        "_modules": children,
        **attributes,
    }
    meta = {
        "type": "class",
        "version": 6,
        "module_src": "raise SystemExit('must not run')",
        "class_name": class_name,
        "state": contents,
    }
    return Call(PERSISTENT, (meta,))


def ordered() -> Call:
    return Call(Name("collections", "OrderedDict"), ())


def layer_attributes(name: str) -> dict:
    if re.fullmatch(r"fc\d+", name):
        return {"bias_gain": np.float64(0.01), "activation": "lrelu"}
    return {"conv_clamp": CLAMP} if name.startswith(("conv", "torgb", "fromrgb")) else {}


def nvidia_torch(generator=None, discriminator=None, **extra) -> dict:
    generator = generator or make_generator()
    return {
        "G": None,
        "D": discriminator and nvidia_module(discriminator.state_dict(), "Discriminator"),
        "G_ema": nvidia_module(generator.state_dict(), "Generator"),
        "augment_pipe": None,
        "training_set_kwargs": Call(Name("dnnlib.util", "EasyDict"), (), {"resolution": 16}),
        **extra,
    }


# NVIDIA's TensorFlow layout: variables by name, convolutions as [height, width, in, out].


def tensorflow(generator=None, discriminator=None, clamp=None, judge_clamp=None) -> tuple:
    generator = generator or make_generator()
    state = {name: tensor.numpy() for name, tensor in generator.state_dict().items()}
    variables = dict(tensorflow_variable(name, array) for name, array in state.items())
    parts = {
        part: tensorflow_network(
            {n[len(part) + 1 :]: a for n, a in variables.items() if n.startswith(part + "/")}
        )
        for part in ("mapping", "synthesis")
    }
    own = {name: array for name, array in variables.items() if "/" not in name}
    network = tensorflow_network(own, components=parts, conv_clamp=clamp)
    judge = tensorflow_network({})
    if discriminator is not None:
        state = {name: tensor.numpy() for name, tensor in discriminator.state_dict().items()}
        variables = dict(judge_variable(n, a) for n, a in state.items())
        judge = tensorflow_network(variables, conv_clamp=judge_clamp)
    return (network, judge, network)


def tensorflow_network(variables: dict, components: dict | None = None, **options) -> Call:
    state = {
        "version": 4,
        "name": "G",
        "static_kwargs": {"resolution": 16, "mapping_lrmul": 0.01, **options},
        "components": components or {},
        "build_module_src": "raise SystemExit('must not run')",
        "build_func_name": "G_main",
        "variables": list(variables.items()),
    }
    return Call(Name("dnnlib.tflib.network", "Network"), (), state, new=True)


def tensorflow_variable(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    if name == "mapping.w_avg":
        return "dlatent_avg", array
    if match := re.fullmatch(r"mapping\.fc(\d+)\.(weight|bias)", name):
        return f"mapping/Dense{match[1]}/{match[2]}", array.T.copy()
    if name == "synthesis.b4.const":
        return "synthesis/4x4/Const/const", array[None]
    match = re.fullmatch(r"synthesis\.b(\d+)\.(conv0|conv1|torgb)\.(.+)", name)
    size, layer, ending = int(match[1]), match[2], match[3]
    if ending == "noise_const":
        index = 2 * int(np.log2(size)) - (5 if layer == "conv0" else 4)
        return f"synthesis/noise{max(index, 0)}", array[None, None]
    kinds = {"conv0": "Conv0_up", "conv1": "Conv" if size == 4 else "Conv1", "torgb": "ToRGB"}
    folder = f"synthesis/{size}x{size}/{kinds[layer]}"
    if ending == "weight":
        turned = array.transpose(2, 3, 1, 0)
        return f"{folder}/weight", (turned[::-1, ::-1] if layer == "conv0" else turned).copy()
    if ending == "affine.weight":
        return f"{folder}/mod_weight", array.T.copy()
    if ending == "affine.bias":
        return f"{folder}/mod_bias", array - 1
    return f"{folder}/{ending}", array


def judge_variable(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    match = re.fullmatch(r"b(\d+)\.(\w+)\.(weight|bias)", name)
    kinds = {"fromrgb": "FromRGB", "conv0": "Conv0", "conv1": "Conv1_down", "skip": "Skip"}
    kinds |= {"conv": "Conv", "fc": "Dense0"}
    folder = "Output" if match[2] == "out" else f"{match[1]}x{match[1]}/{kinds[match[2]]}"
    turned = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
    return f"{folder}/{match[3]}", turned.copy()


# rosinality's layout: state dicts under other names.


def rosinality(generator=None, discriminator=None, **extra) -> dict:
    generator = generator or make_generator()
    state = dict(rosinality_entry(n, t) for n, t in generator.state_dict().items())
    average = state.pop("latent_avg")
    state["convs.0.conv.blur.kernel"] = FILTER * 4
    state["to_rgbs.0.upsample.kernel"] = FILTER * 4
    checkpoint = {"g_ema": state, "latent_avg": average, **extra}
    if discriminator is not None:
        judge = dict(judge_entry(n, t) for n, t in discriminator.state_dict().items())
        judge["convs.1.conv2.0.kernel"] = FILTER
        del checkpoint["latent_avg"]
        checkpoint |= {"g": state, "d": judge, "g_optim": {"state": {0: {"step": 3}}}, "args": None}
    return checkpoint


def rosinality_entry(name: str, tensor: torch.Tensor) -> tuple[str, torch.Tensor]:
    if name == "mapping.w_avg":
        return "latent_avg", tensor
    if match := re.fullmatch(r"mapping\.fc(\d+)\.(weight|bias)", name):
        return f"style.{int(match[1]) + 1}.{match[2]}", tensor
    if name == "synthesis.b4.const":
        return "input.input", tensor[None]
    match = re.fullmatch(r"synthesis\.b(\d+)\.(conv0|conv1|torgb)\.(.+)", name)
    level, layer, ending = int(np.log2(int(match[1]))) - 2, match[2], match[3]
    if ending == "noise_const":
        return f"noises.noise_{max(2 * level - (layer == 'conv0'), 0)}", tensor[None, None]
    folder = {
        "torgb": "to_rgb1" if level == 0 else f"to_rgbs.{level - 1}",
        "conv1": "conv1" if level == 0 else f"convs.{2 * level - 1}",
        "conv0": f"convs.{2 * level - 2}",
    }[layer]
    if ending == "weight":
        return f"{folder}.conv.weight", tensor[None]
    if ending.startswith("affine"):
        return f"{folder}.conv.modulation.{ending[7:]}", tensor
    if ending == "noise_strength":
        return f"{folder}.noise.weight", tensor.reshape(1)
    if layer == "torgb":
        return f"{folder}.bias", tensor.reshape(1, -1, 1, 1)
    return f"{folder}.activate.bias", tensor


def judge_entry(name: str, tensor: torch.Tensor, largest=SMALL.resolution):
    match = re.fullmatch(r"b(\d+)\.(\w+)\.(weight|bias)", name)
    number = int(np.log2(largest // int(match[1]))) + 1
    is_bias = match[3] == "bias"
    folders = {
        "fromrgb": f"convs.0.{int(is_bias)}",
        "conv0": f"convs.{number}.conv1.{int(is_bias)}",
        "conv1": f"convs.{number}.conv2.{1 + is_bias}",
        "skip": f"convs.{number}.skip.1",
        "conv": f"final_conv.{int(is_bias)}",
        "fc": "final_linear.0",
        "out": "final_linear.1",
    }
    return f"{folders[match[2]]}.{match[3]}", tensor


def write_pickle(path, value, protocol=3):
    path.write_bytes(dump(value, protocol))
    return path


def write_zip_torch(path, value):
    torch.save(value, path)
    return path


def assert_same_weights(loaded, original):
    expected = original.state_dict()
    found = loaded.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.allclose(found[name], tensor, rtol=0, atol=1e-6), name

"""Encoders in ONNX files, with small models that are made here."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from lib.base.errors import InputError
from lib.features.onnx_encoder import OnnxEncoder, Preprocessing

SIDE = 8
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.5)
WEIGHTS = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
IMAGES = np.random.default_rng(1).integers(0, 256, (7, 3, SIDE, SIDE), dtype=np.uint8)


def save_model(path, *, shape=("n", 3, "h", "w"), kind=TensorProto.FLOAT, inputs=1):
    """Means of the colours, times a matrix: outputs `map`, `means` (n, 3, 1, 1) and `features` (n, 5)."""
    first = "images"
    nodes = []
    if shape[-1] == 3:
        nodes.append(helper.make_node("Transpose", ["images"], ["first"], perm=[0, 3, 1, 2]))
        first = "first"
    matrix = np.resize(WEIGHTS, (3 if shape[-1] == 3 else shape[1], 5))
    weights = numpy_helper.from_array(matrix.astype(np.float16 if kind == TensorProto.FLOAT16 else "f4"), "w")
    axes = numpy_helper.from_array(np.array([2, 3]), "axes")
    nodes += [
        helper.make_node("Relu", [first], ["map"]),
        helper.make_node("GlobalAveragePool", [first], ["means"]),
        helper.make_node("Squeeze", ["means", "axes"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["features"]),
    ]
    values = [helper.make_tensor_value_info(name, kind, shape) for name in ("images", "more")[:inputs]]
    outputs = [helper.make_tensor_value_info(name, kind, None) for name in ("features", "map", "means")]
    graph = helper.make_graph(nodes, "small", values, outputs, [weights, axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def encoder(path, side=SIDE, **options):
    return OnnxEncoder(path, Preprocessing(side, MEAN, STD), **options)


def expected(images=IMAGES):
    x = (images / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    return x.mean(axis=(2, 3)) @ WEIGHTS


@pytest.mark.parametrize(
    ("options", "precision"),
    [
        ({}, 1e-5),
        ({"shape": ("n", 3, SIDE, SIDE)}, 1e-5),
        ({"shape": ("n", SIDE, SIDE, 3)}, 1e-5),
        ({"shape": (10, 3, "h", "w")}, 1e-5),
        ({"kind": TensorProto.FLOAT16}, 0.02),
    ],
    ids=["any side", "one side", "channels last", "batches of 10", "float16"],
)
def test_images_are_encoded(tmp_path, options, precision):
    found = encoder(save_model(tmp_path / "a.onnx", **options)).encode(IMAGES)
    assert (found.dtype, found.shape) == (np.float32, (7, 5))
    np.testing.assert_allclose(found, expected(), atol=precision)


def test_an_output_by_its_name(tmp_path):
    path = save_model(tmp_path / "a.onnx")
    found = encoder(path, output="means").encode(IMAGES)
    assert found.shape == (7, 3)
    np.testing.assert_allclose(found @ WEIGHTS, expected(), atol=1e-5)


def test_batches_side_by_side_give_the_same_bytes(tmp_path):
    model = encoder(save_model(tmp_path / "a.onnx"))
    batches = [IMAGES[i : i + 2] for i in range(0, 7, 2)]
    one, many = (np.concatenate(list(model.encode_all(iter(batches), n))) for n in (1, 3))
    assert one.tobytes() == many.tobytes()
    np.testing.assert_allclose(one, expected(), atol=1e-5)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ({}, {"output": "logits"}, "has no output 'logits', but features, map, means"),
        ({}, {"output": "map"}, r"the output 'map' has the shape \(7, 3, 8, 8\) for 7 images; name one"),
        ({"shape": ("n", 3, 16, 16)}, {}, "wants images of side 16, not 8; set `side`"),
        ({"shape": ("n", 4, "h", "w")}, {}, "images alone"),
        ({"inputs": 2}, {}, "wants images: .*; more: .*; images alone"),
        ({}, {"provider": "NoExecutionProvider"}, "has no NoExecutionProvider here, but .*CPUExecutionProvider"),
    ],
)
def test_models_that_do_not_fit(tmp_path, model, options, words):
    path = save_model(tmp_path / "a.onnx", **model)
    with pytest.raises(InputError, match=words):
        encoder(path, **options).encode(IMAGES)


def test_files_that_are_no_models(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"a\.onnx cannot be read as an ONNX model"):
        encoder(tmp_path / "a.onnx")
    with pytest.raises(InputError, match=r"b\.onnx: No such file"):
        encoder(tmp_path / "b.onnx")

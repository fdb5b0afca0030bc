import numpy as np
import pytest
from google.protobuf import text_format
from numpy.testing import assert_allclose, assert_array_equal

from protonet.errors import NetError, ShapeError
from protonet.layers import TEST, make
from protonet.proto import caffe_pb2
from tests.layers.ssd.test_codes import VARIANCE, some
from tests.naive.boxes import decode
from tests.naive.detection_output import detection_output

N, P, C = 2, 30, 4


def made(text, bottoms=3):
    names = " ".join(f'bottom: "x{i}"' for i in range(bottoms))
    text = f'name: "d" type: "DetectionOutput" {names} top: "y" detection_output_param {{ {text} }}'
    return make(text_format.Parse(text, caffe_pb2.LayerParameter()), TEST)


def inputs(rng, places=1):
    prior = np.stack([some(rng, P), np.tile(VARIANCE, (P, 1))])
    loc = rng.normal(size=(N, P, places, 4)).astype("f")
    return loc, rng.uniform(size=(N, P, C)).astype("f"), prior


def run(it, loc, conf, prior):
    shapes = loc.reshape(N, -1), conf.reshape(N, -1), prior.reshape(1, 2, -1)
    assert it.infer(*(x.shape for x in shapes)) == [(1, 1, 1, 7)]
    (y,) = it.compute(*shapes)
    assert y.dtype == np.float32
    assert y.shape[:2] == (1, 1)
    return y[0, 0]


@pytest.mark.parametrize("code", ["CORNER", "CENTER_SIZE", "CORNER_SIZE"])
@pytest.mark.parametrize(("threshold", "top_k", "keep", "nms", "eta"), [(0, 30, 200, 0.45, 1), (0.6, 5, 7, 0.6, 0.9)])
def test_agrees_with_one_box_at_a_time(code, threshold, top_k, keep, nms, eta, rng):
    loc, conf, prior = inputs(rng)
    text = f"num_classes: 4 code_type: {code} confidence_threshold: {threshold} keep_top_k: {keep} "
    it = made(text + f"nms_param {{ nms_threshold: {nms} top_k: {top_k} eta: {eta} }}")
    found = run(it, loc, conf, prior)
    assert_allclose(
        found, detection_output(loc[:, :, 0], conf, prior, code, threshold, top_k, keep, nms, eta), atol=1e-4
    )


def test_two_boxes_of_one_thing_by_hand():
    prior = np.zeros((2, P, 4), "f")
    prior[0, :, 2:], prior[1] = 1, 0.1
    prior[0, 1], prior[0, 2] = [0, 0, 1, 0.9], [2, 0, 3, 1]
    conf = np.zeros((N, P, C), "f")
    conf[0, :3, 1], conf[0, 2, 3] = [0.8, 0.9, 0.7], 0.6
    it = made("num_classes: 4 confidence_threshold: 0.5 nms_param { nms_threshold: 0.5 }")
    found = run(it, np.zeros((N, P, 1, 4), "f"), conf, prior)
    rows = [[0, 1, 0.9, 0, 0, 1, 0.9], [0, 1, 0.7, 2, 0, 3, 1], [0, 3, 0.6, 2, 0, 3, 1]]
    assert_allclose(found, rows, rtol=1e-6)


def test_places_of_each_class(rng):
    loc, conf, prior = inputs(rng, places=C)
    found = run(made("num_classes: 4 share_location: false confidence_threshold: 0.9"), loc, conf, prior)
    for label in (1, 2, 3):
        alone = np.where(np.arange(C) == label, conf, 0)
        expected = detection_output(loc[:, :, label], alone, prior, "CORNER", 0.9, None, None, 0.3)
        assert_allclose(found[found[:, 1] == label], expected, atol=1e-5)


def test_the_background_is_not_found(rng):
    loc, conf, prior = inputs(rng)
    assert set(run(made("num_classes: 4 background_label_id: 2"), loc, conf, prior)[:, 1]) == {0, 1, 3}
    assert set(run(made("num_classes: 4 background_label_id: -1"), loc, conf, prior)[:, 1]) == {0, 1, 2, 3}


def test_nothing_found_is_a_row_for_each_image(rng):
    loc, conf, prior = inputs(rng)
    assert_array_equal(
        run(made("num_classes: 4 confidence_threshold: 1"), loc, conf, prior), [[0, *[-1] * 6], [1, *[-1] * 6]]
    )


def test_scores_that_are_no_numbers_are_not_found(rng):
    loc, conf, prior = inputs(rng)
    conf[...] = np.nan
    assert (run(made("num_classes: 4"), loc, conf, prior)[:, 1] == -1).all()


def test_locations_of_other_priors_are_refused():
    with pytest.raises(
        ShapeError, match=r"expected locations of shape \(2, 40\), 4 for each of 10 priors, found \(2, 44\)"
    ):
        made("num_classes: 4").infer((2, 44), (2, 40), (1, 2, 40))


def test_missing_classes_are_refused():
    with pytest.raises(NetError, match="num_classes must be at least 1"):
        made("")


def test_eta_beyond_one_is_refused():
    with pytest.raises(NetError, match=r"eta above 0 and at most 1, found 0.3 and 2"):
        made("num_classes: 4 nms_param { eta: 2 }")


def test_a_first_stage_moves_the_priors_and_silences_some(rng):
    loc, conf, prior = inputs(rng)
    first_loc, objects = rng.normal(size=(N, P, 4)).astype("f"), rng.uniform(size=(N, P, 2)).astype("f")
    it = made("num_classes: 4 code_type: CENTER_SIZE confidence_threshold: 0.2 objectness_score: 0.4", 5)
    shaped = [x.reshape(N, -1) for x in (loc, conf)] + [prior.reshape(1, 2, -1), objects.reshape(N, -1)]
    assert it.infer(*(x.shape for x in shaped), (N, 4 * P)) == [(1, 1, 1, 7)]
    (found,) = it.compute(*shaped, first_loc.reshape(N, -1))
    for n in range(N):
        refined = [decode("CENTER_SIZE", prior[0, p], prior[1, p], first_loc[n, p]) for p in range(P)]
        scores = np.where(objects[n, :, 1:] < 0.4, 0, conf[n])
        expected = detection_output(
            loc[None, n, :, 0], scores[None], np.stack([refined, prior[1]]), "CENTER_SIZE", 0.2, None, None, 0.3
        )
        mine = found[0, 0][found[0, 0, :, 0] == n]
        assert_allclose(mine[:, 1:], np.array(expected)[:, 1:], rtol=1e-3, atol=1e-4)


def test_a_first_stage_alone_silences(rng):
    loc, conf, prior = inputs(rng)
    shaped = [x.reshape(N, -1) for x in (loc, conf)] + [prior.reshape(1, 2, -1), np.zeros((N, 2 * P), "f")]
    it = made("num_classes: 4 confidence_threshold: 0.2", 4)
    it.infer(*(x.shape for x in shaped))
    assert (it.compute(*shaped)[0][0, 0, :, 1] == -1).all()


def test_an_image_to_draw_on_is_not_read(rng, caplog):
    loc, conf, prior = inputs(rng)
    it = made("num_classes: 4 visualize: true visualize_threshold: 0.6", 4)
    assert "nothing is drawn" in caplog.text
    shaped = [x.reshape(N, -1) for x in (loc, conf)] + [prior.reshape(1, 2, -1), np.zeros((N, 3, 8, 8), "f")]
    assert it.infer(*(x.shape for x in shaped)) == [(1, 1, 1, 7)]
    assert_array_equal(it.compute(*shaped)[0][0, 0], run(made("num_classes: 4"), loc, conf, prior))


def test_a_first_stage_of_other_priors_is_refused():
    with pytest.raises(ShapeError, match=r"expected the first stage's confidences \(2, 20\) and locations \(2, 40\)"):
        made("num_classes: 4", 5).infer((2, 40), (2, 40), (1, 2, 40), (2, 22), (2, 40))


@pytest.mark.parametrize("field", ["tflite_use_regular_nms: true", "max_classes_per_detection: 2", "scale_xywh: 10"])
def test_what_belongs_to_other_detections_is_refused(field):
    with pytest.raises(NetError, match=f"{field.split(':')[0]} is a fork's"):
        made(f"num_classes: 4 {field}")

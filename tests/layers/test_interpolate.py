from dataclasses import astuple

import pytest

from protonet.layers.interpolate import Reading, maps


def test_pixels_that_are_areas_have_their_middles_aligned():
    assert astuple(Reading.centred((3, 4), (6, 4))) == (0.5, -0.25, 1, 0, True)


@pytest.mark.parametrize(("new", "expected"), [((5, 7), (0.5, 0, 0.5, 0)), ((1, 1), (0, 0, 0, 0))])
def test_pixels_that_are_points_have_their_corners_aligned(new, expected):
    assert astuple(Reading.cornered((3, 4), new)) == (*expected, True)


def test_maps_of_all_channels_are_alike():
    assert maps((2, 3, 4, 5)) == (6, 4, 5)

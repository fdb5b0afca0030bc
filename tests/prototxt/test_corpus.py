"""Real prototxts: each loads, or is refused for the reason told here."""

import pytest

from protonet.errors import ParseError
from protonet.prototxt.parse import kind_of, load, loads
from protonet.prototxt.write import dumps
from tests.conftest import CORPUS, files, needs

TEMPLATE = "a template: its numbers are still to be filled in"
BROKEN = {
    "HolmesShuan+ResNet-18-Caffemodel-on-ImageNet/solver.prototxt": ("device_id: 0,1: two values", "found '1'"),
    "TheLegendAli+DeepLab-Context/voc12/config/vgg128_noup/test.prototxt": (TEMPLATE, "placeholder"),
    "TheLegendAli+DeepLab-Context/voc12/config/vgg128_noup/train.prototxt": (TEMPLATE, "placeholder"),
    "chuanqi305+MobileNet-SSD/template/MobileNetSSD_deploy_template.prototxt": (TEMPLATE, "'cls6x'"),
    "chuanqi305+MobileNet-SSD/template/MobileNetSSD_test_template.prototxt": (TEMPLATE, "'cls6x'"),
    "chuanqi305+MobileNet-SSD/template/MobileNetSSD_train_template.prototxt": (TEMPLATE, "'cls6x'"),
    "lim0606+caffe-googlenet-bn/deploy.prototxt": ("the old `layers` with a type of the new", "did you mean 'SOFTMAX'"),
}
FILES = files(CORPUS, "*.prototxt", "*.pt")


def name(path):
    return str(path.relative_to(CORPUS))


@needs(CORPUS)
@pytest.mark.slow
def test_every_file_loads_or_is_known_to_be_broken():
    refused = {}
    for path in FILES:
        try:
            load(path, kind_of(path.read_text("utf-8", "replace")))
        except ParseError as error:
            refused[name(path)] = str(error)
    assert refused.keys() == BROKEN.keys()
    for file, (_, cause) in BROKEN.items():
        assert cause in refused[file]
        assert f"{file}:" in refused[file].split("\n")[0]
    assert len(refused) < 0.03 * len(FILES)


@needs(CORPUS)
@pytest.mark.slow
def test_what_is_written_of_a_real_file_reads_back_equal():
    for path in FILES[::7]:
        if name(path) not in BROKEN:
            kind = kind_of(path.read_text("utf-8", "replace"))
            message = load(path, kind).message
            assert loads(dumps(message), kind).message == message, path

"""How the networks of others run, as params say."""

from pathlib import Path

from facemotion.config import Params
from facemotion.faces.interfaces import Running


def running(params: Params) -> Running:
    networks, folder = params.networks, params.weights.dir
    return Running(networks.device, networks.precision, networks.batch, None if folder is None else Path(folder))

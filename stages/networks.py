"""How the networks of others run, as params say."""

from facemotion.config import Params
from facemotion.faces.interfaces import Running


def running(params: Params) -> Running:
    networks = params.networks
    return Running(networks.device, networks.precision, networks.batch, params.weights.folder)

"""Core objects that assets are handed; made when a run first needs them.

Nothing is read or connected when the code location loads.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import dagster as dg

from evoke_core.config.collections import Sources
from evoke_core.config.loading import load_vocabulary
from evoke_core.config.profile import RunProfile
from evoke_core.config.vocabulary import Vocabulary
from evoke_core.corpus.aesthetics import Aesthetics, load_aesthetics
from evoke_core.corpus.licences import Licences, load_licences
from evoke_core.images.encode import ImageEncoder
from evoke_core.images.encoders import open_image_encoder
from evoke_core.index.image_index import ImageIndex, open_index
from evoke_core.memory.studio import StudioAccess
from evoke_core.music.encode import MusicEncoder
from evoke_core.music.encoders import open_music_encoder, require_licence
from evoke_core.storage.address import open_store
from evoke_core.storage.store import Store
from evoke_pipelines.environment import (
    CONFIG_FOLDER,
    read_configuration,
    read_environment,
)


@dataclass(frozen=True, slots=True)
class IndexAccess:
    """Opens the index for a batch of work and lets go of it after."""

    uri: str

    def open(self) -> AbstractContextManager[ImageIndex]:
        """Open the index; see `open_index`."""
        return open_index(self.uri)


@dg.resource(description="Blobs, tables and arrays (EVOKE_STORE).")
def store_resource(_: dg.InitResourceContext) -> Store:
    """Open the store."""
    return open_store(read_environment().store)


@dg.resource(description="What a run computes (EVOKE_PROFILE).")
def run_profile_resource(_: dg.InitResourceContext) -> RunProfile:
    """Load the run profile."""
    return read_configuration(read_environment())[0]


@dg.resource(description="Picture collections and music libraries.")
def sources_resource(_: dg.InitResourceContext) -> Sources:
    """Load the sources."""
    return read_configuration(read_environment())[1]


@dg.resource(description="Moods and slider axes.")
def vocabulary_resource(_: dg.InitResourceContext) -> Vocabulary:
    """Load the vocabulary."""
    return load_vocabulary(CONFIG_FOLDER)


@dg.resource(description="Turns pictures into vectors; loads its model once a run.")
def image_encoder_resource(_: dg.InitResourceContext) -> ImageEncoder:
    """Open the image encoder that the profile asks for."""
    environment = read_environment()
    choice = read_configuration(environment)[0].image_encoder
    return open_image_encoder(choice, environment.weights)


@dg.resource(description="Turns songs into vectors; loads its model once a run.")
def music_encoder_resource(_: dg.InitResourceContext) -> MusicEncoder:
    """Open the music encoder that the profile asks for."""
    environment = read_environment()
    profile = read_configuration(environment)[0]
    encoder = open_music_encoder(profile.music_encoder, environment.weights)
    require_licence(encoder, profile)
    return encoder


@dg.resource(description="The Milvus index (EVOKE_MILVUS_URI).")
def index_resource(_: dg.InitResourceContext) -> IndexAccess:
    """Give access to the index; it is opened when it is used."""
    return IndexAccess(read_environment().milvus)


@dg.resource(description="Which licences allow what.")
def licences_resource(_: dg.InitResourceContext) -> Licences:
    """Load the list of licences."""
    return load_licences(CONFIG_FOLDER / "licences.yaml")


@dg.resource(description="Words of the seven aesthetics.")
def aesthetics_resource(_: dg.InitResourceContext) -> Aesthetics:
    """Load the aesthetics."""
    return load_aesthetics(CONFIG_FOLDER / "aesthetics.yaml")


@dg.resource(description="Models of audio memory; opened by the run that draws.")
def memory_studio_resource(_: dg.InitResourceContext) -> StudioAccess:
    """Give access to the models; they are loaded when they are used."""
    return StudioAccess(read_environment().weights)


RESOURCES = {
    "store": store_resource,
    "run_profile": run_profile_resource,
    "sources": sources_resource,
    "vocabulary": vocabulary_resource,
    "licences": licences_resource,
    "aesthetics": aesthetics_resource,
    "image_encoder": image_encoder_resource,
    "music_encoder": music_encoder_resource,
    "index": index_resource,
    "memory_studio": memory_studio_resource,
}

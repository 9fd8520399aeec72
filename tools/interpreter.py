"""Give a process what a fresh interpreter has: the environment of every run, Keras as imported, fixed seeds.

Nothing here imports TensorFlow before it is asked for.
"""

from __future__ import annotations

import os
import sys
import tempfile

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow logs to stderr when it is imported
    "TF_ENABLE_ONEDNN_OPTS": "0",  # digits must not depend on the CPU's instructions
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "MPLBACKEND": "agg",
}

# Never drawn by the blocks' own `set_random_seed`: what still moves with these is an unseeded block.
PYTEST_SEED, REFRESH_SEED = 90_001, 90_002


def set_environment() -> None:
    """What every run has set before TensorFlow is imported (a value set by the user stays)."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def import_tensorflow() -> None:
    """Import it without the lines its C++ part writes to stderr before its log level counts."""
    if "tensorflow" in sys.modules:
        return
    set_environment()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            file.seek(0)
            os.write(kept, file.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def reset(seed: int) -> None:
    """Bring Keras and TensorFlow back to the state of a fresh interpreter, but for the seeds."""
    import_tensorflow()
    import keras
    import tensorflow as tf

    # Collecting garbage at every test would take most of their time.
    keras.backend.clear_session(free_memory=False)
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.enable_traceback_filtering()
    tf.config.run_functions_eagerly(False)
    keras.utils.set_random_seed(seed)

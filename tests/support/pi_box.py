"""The program on a board of plain files, less patient than on a real one.

PI_ROOT=FOLDER python -m tests.support.pi_box run --config FILE
"""

import functools
import os
import sys
from pathlib import Path

import trio

from appliance.config import ConfigFile
from appliance.main import main
from appliance.reload import begin
from appliance.streams.relief import Patience
from appliance.system.looking import Lookout

if __name__ == "__main__":
    beginning = begin(ConfigFile(Path(sys.argv[-1])), None)
    lookout = Lookout(Path(os.environ["PI_ROOT"]), 0.1)
    trio.run(functools.partial(main, beginning, lookout=lookout, patience=Patience(0.2, 0.2, 0.2)))

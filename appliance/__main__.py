"""`python -m appliance`: the same as `camera-appliance`."""

import sys

from appliance.cli import main

sys.exit(main())

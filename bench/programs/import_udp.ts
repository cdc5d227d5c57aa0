// Does nothing but import.

import "../../lib/udp/mod.ts";

// Does nothing but import.

import "../../mod.ts";

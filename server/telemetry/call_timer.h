// Stands in the room base now.
#pragma once

#include "server/base/call_timer.h"

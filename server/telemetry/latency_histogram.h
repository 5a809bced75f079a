// Stands in the room base now.
#pragma once

#include "server/base/latency_histogram.h"

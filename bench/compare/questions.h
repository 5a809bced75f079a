// What the subjects are asked, and the right answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/index/number_set.h"

namespace dnc {

struct Questions {
  std::string name;
  std::vector<Number> numbers;
  std::vector<uint8_t> listed;  // as long as numbers: 1 or 0
};

// Random numbers over all area codes and their exchanges, half of them listed.
Questions RandomQuestions(const NumberSet& set, size_t count);

// Numbers as campaigns dial them: five area codes, runs of 64 neighbours, each within a few numbers
// of the one before it, about half of them listed.
Questions CampaignQuestions(const NumberSet& set, size_t count);

}  // namespace dnc

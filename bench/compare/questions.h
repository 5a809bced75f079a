// The questions that subjects are asked, and the right answers.
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

// Makes random numbers over all area codes and their exchanges, half of them listed.
Questions RandomQuestions(const NumberSet& set, size_t count);

// Makes numbers as campaigns dial them: five area codes, runs of 64 neighbors, each within a few
// numbers of the previous one, about half of them listed.
Questions CampaignQuestions(const NumberSet& set, size_t count);

}  // namespace dnc

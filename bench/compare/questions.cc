#include "bench/compare/questions.h"

#include <algorithm>
#include <random>

#include "bench/synthetic_registry.h"

namespace dnc {
namespace {

constexpr size_t kCampaignAreas = 5;
constexpr size_t kRun = 64;
constexpr uint32_t kLongestStep = 3;
// How far a walk looks for a number with the wanted answer.
constexpr uint32_t kPatience = 64;

void Answer(const NumberSet& set, Questions& questions) {
  questions.listed.reserve(questions.numbers.size());
  for (const Number number : questions.numbers) {
    questions.listed.push_back(set.Contains(number) ? 1 : 0);
  }
}

}  // namespace

Questions RandomQuestions(const NumberSet& set, size_t count) {
  Questions questions;
  questions.name = "random";
  questions.numbers = BenchQuestions(set, count);
  Answer(set, questions);
  return questions;
}

Questions CampaignQuestions(const NumberSet& set, size_t count) {
  Questions questions;
  questions.name = "campaign";
  const std::vector<int> area_codes = AreaCodesOf(set);
  const uint32_t exchanges = ExchangesOf(set);
  std::mt19937_64 random(8);
  std::vector<int> chosen(kCampaignAreas);
  for (int& area_code : chosen) area_code = area_codes[random() % area_codes.size()];
  while (questions.numbers.size() < count) {
    const int area_code = chosen[random() % chosen.size()];
    const uint32_t exchange = BenchExchangeAt(static_cast<uint32_t>(random() % exchanges));
    uint32_t line = static_cast<uint32_t>(random() % (kNumbersPerExchange / 2));
    for (size_t i = 0; i < kRun && questions.numbers.size() < count; ++i) {
      line += 1 + static_cast<uint32_t>(random() % kLongestStep);
      const bool wanted = random() % 2 == 0;
      Number number = MakeNumber(area_code, exchange * kNumbersPerExchange + line);
      for (uint32_t n = 0; n < kPatience && set.Contains(number) != wanted; ++n) number += 1;
      line = static_cast<uint32_t>(number % kNumbersPerExchange);
      questions.numbers.push_back(number);
    }
  }
  Answer(set, questions);
  return questions;
}

}  // namespace dnc

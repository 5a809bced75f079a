// Provides keys and folders for the Bloom filter's tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "server/index/bloom_filter.h"
#include "server/index/index_test_util.h"

namespace dnc {

// Returns the i-th of many different keys as they occur in practice: few tenants, numbers in runs.
inline BloomKey RegularKey(uint64_t i) {
  return {static_cast<uint32_t>(i / 500'000), 2'010'000'000 + i % 500'000 * 7};
}

// Returns any of few tenants and numbers, so that random keys repeat.
inline BloomKey RandomKey(std::mt19937_64& random, uint64_t numbers) {
  return {static_cast<uint32_t>(random() % 4), 2'125'550'000 + random() % numbers};
}

inline std::string Content(const BloomFilter& filter) {
  std::string content(filter.memory_bytes(), '\0');
  filter.CopyOut(0, content.size(), content.data());
  return content;
}

inline std::string FileContent(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

// A folder that exists as long as the test.
class ImageFolder {
 public:
  ImageFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "dnc-image-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  ~ImageFolder() { std::filesystem::remove_all(folder_); }
  ImageFolder(const ImageFolder&) = delete;
  ImageFolder& operator=(const ImageFolder&) = delete;

  std::string image() const { return folder_ + "/filter"; }
  size_t files() const {
    const auto entries = std::filesystem::directory_iterator(folder_);
    return static_cast<size_t>(std::distance(begin(entries), end(entries)));
  }

 private:
  std::string folder_;
};

// Returns f(b) of bloom_design.h, 0 to 1: the share of wrong answers that theory predicts;
// `bits_a_key` is above 0.
inline double BloomErrorRate(double bits_a_key) {
  constexpr double kBlockBits = kBloomBlockBytes * 8;
  constexpr double kWordBits = 64;
  const double mean = kBlockBits / bits_a_key;
  // Sums only the range in which the terms matter.
  const double spread = 12 * std::sqrt(mean) + 12;
  const double first = std::max(0.0, std::floor(mean - spread));
  double rate = 0;
  for (double keys = first; keys <= mean + spread; ++keys) {
    const double share = std::exp(-mean + keys * std::log(mean) - std::lgamma(keys + 1));
    const double set = 1 - std::pow(1 - 1 / kWordBits, keys);
    rate += share * std::pow(set, kBloomBlockWords);
  }
  return rate;
}

}  // namespace dnc

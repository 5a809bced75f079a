// Asks a dncd about the numbers on the command line: check 127.0.0.1:50061 "(201) 555-0123" ...
#include <iostream>
#include <string>
#include <vector>

#include "dnc/client.h"

int main(int argc, char** argv) {
  if (argc < 3) return std::cerr << "usage: " << argv[0] << " HOST:PORT NUMBER...\n", 2;
  const std::vector<std::string> numbers(argv + 2, argv + argc);
  const auto client = dnc::Client::Connect({.target = argv[1]});
  if (!client.ok()) return std::cerr << client.status().message() << '\n', 1;

  const dnc::ScrubResult result = client->Scrub(numbers);
  for (size_t i = 0; i < numbers.size(); ++i) {  // do-not-call unless the server said CLEAR
    std::cout << numbers[i] << (result.may_call(i) ? ": call\n" : ": do not call\n");
  }
  if (!result.ok()) std::cerr << result.status().message() << '\n';
  return result.ok() ? 0 : 1;
}

// Names CLI11's types, for headers whose functions add options to a command: a file that includes
// CLI/CLI.hpp takes four seconds longer to compile, so only the few .cc files do that use it.
#pragma once

namespace CLI {

class App;
class ParseError;

}  // namespace CLI

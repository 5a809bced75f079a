// Draws a plot of bench/report.py with the project's only plotter (tools/cli/svg_plot.h). It reads
// the plot as JSON from the standard input and writes an SVG document.
//
//   {"title": "...", "x": {"title": "numbers", "log": true}, "y": {"title": "ns", "log": true},
//    "lines": [{"name": "exact set", "points": [[1, 270.5], [10, 31.2]]}]}
//
// A linear axis starts at 0.
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "fmt/format.h"
#include "tools/cli/svg_plot.h"

namespace dnc {
namespace {

// Returns 1000000 as 1M, 0.5 as 0.5.
std::string Label(double value) {
  for (const auto& [size, unit] :
       {std::pair<double, const char*>{1e9, "G"}, {1e6, "M"}, {1e3, "k"}}) {
    if (std::abs(value) >= size) return fmt::format("{:.6g}{}", value / size, unit);
  }
  return fmt::format("{:.6g}", value);
}

cli::PlotAxis Axis(const nlohmann::json& json) {
  return {.title = json.at("title"),
          .log = json.value("log", false),
          .format = Label,
          .from_zero = true};
}

std::string Draw(const nlohmann::json& json) {
  cli::Plot plot;
  plot.title = json.at("title");
  plot.x = Axis(json.at("x"));
  plot.y = Axis(json.at("y"));
  for (const nlohmann::json& line : json.at("lines")) {
    plot.series.push_back({.label = line.at("name"),
                           .points = line.at("points").get<decltype(cli::PlotSeries::points)>(),
                           .colour = plot.series.size(),
                           .dots = true});
  }
  return cli::RenderPlotFile(plot);
}

}  // namespace
}  // namespace dnc

int main() {
  try {
    const std::string svg = dnc::Draw(nlohmann::json::parse(std::cin));
    const bool written = std::fwrite(svg.data(), 1, svg.size(), stdout) == svg.size();
    return written && std::fflush(stdout) == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "draw_plot: {}\n", error.what());
    return 1;
  }
}

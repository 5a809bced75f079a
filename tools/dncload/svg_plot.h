// A plot as an inline SVG element: axes, lines, marks and a legend, coloured by the page's CSS.
//
//   Plot plot;
//   plot.title = "Latency over time";
//   plot.y = {.title = "latency", .log = true, .format = Text};
//   plot.series.push_back({.label = "p99", .points = {{0, 1}, {1, 2}}});
//   std::string svg = RenderPlot(plot);
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dnc::load {

struct PlotSeries {
  std::string label;
  std::vector<std::pair<double, double>> points;  // ascending x
  size_t colour = 0;                              // 0 to 7: the classes c0 to c7
  bool dashed = false;
  bool dots = false;  // a dot a point, with its values as a tooltip
};

struct PlotAxis {
  std::string title;
  bool log = false;  // values of 0 and less are drawn at the lowest value
  std::function<std::string(double)> format;
  // Where to write what. Empty: round values that fit.
  std::vector<std::pair<double, std::string>> ticks;
  bool from_zero = false;  // linear: starts at 0
};

// A dotted line across the plot at a value of y.
struct PlotMark {
  double y = 0;
  std::string label;
};

struct Plot {
  std::string title;
  std::string caption;  // a sentence that says how to read it
  PlotAxis x;
  PlotAxis y;
  std::vector<PlotSeries> series;
  std::vector<PlotMark> marks;
};

// A <figure>; empty if no series has two points, or one with dots.
std::string RenderPlot(const Plot& plot);

// `text` for the content and the attributes of elements.
std::string HtmlText(std::string_view text);

}  // namespace dnc::load

// The only plotter: it draws axes, lines, marks and a legend as SVG, for dncload's reports and for
// the pages of ./dev bench.
//
//   Plot plot;
//   plot.title = "Latency over time";
//   plot.y = {.title = "latency", .log = true, .format = Text};
//   plot.series.push_back({.label = "p99", .points = {{0, 1}, {1, 2}}});
//   std::string figure = RenderPlot(plot);      // for a page that has PlotStyle()
//   std::string file = RenderPlotFile(plot);    // a document of its own
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dnc::cli {

// So many series of a plot have their own colors.
inline constexpr size_t kPlotColours = 11;

struct PlotSeries {
  std::string label;
  std::vector<std::pair<double, double>> points;  // ascending by x
  size_t colour = 0;                              // below kPlotColours; further ones begin again
  bool dashed = false;
  bool dots = false;  // draws a dot per point, with its values as a tooltip
};

struct PlotAxis {
  std::string title;
  bool log = false;  // values of 0 and less are drawn at the lowest value
  std::function<std::string(double)> format;
  // The labels and their positions. Empty: round values that fit.
  std::vector<std::pair<double, std::string>> ticks;
  bool from_zero = false;  // a linear axis starts at 0
};

// A dotted line across the plot at a value of y.
struct PlotMark {
  double y = 0;
  std::string label;
};

struct Plot {
  std::string title;
  std::string caption;  // a sentence that explains how to read the plot
  PlotAxis x;
  PlotAxis y;
  std::vector<PlotSeries> series;
  std::vector<PlotMark> marks;
};

// Returns a <figure> with an inline SVG element, for a page whose style sheet has PlotStyle().
// Empty if no series has two points, or one with dots.
std::string RenderPlot(const Plot& plot);

// Returns the plot as an SVG document, with title and axis titles, and with each series named at
// its end; without the caption.
std::string RenderPlotFile(const Plot& plot);

// Returns the CSS of a plot's elements. It uses the colors in the variables --rule (grid), --soft
// (axes and text), --bad (marks), and --c0, --c1 and so on, one for each of kPlotColours.
std::string PlotStyle();

// Escapes `text` for the content and the attributes of elements.
std::string HtmlText(std::string_view text);

}  // namespace dnc::cli

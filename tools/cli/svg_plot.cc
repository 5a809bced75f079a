#include "tools/cli/svg_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "fmt/format.h"

namespace dnc::cli {
namespace {

// Where the plot is in its picture.
struct Frame {
  double width;
  double height;
  double left;
  double right;
  double top;
  double bottom;
};
// A figure's page shows its title and legend; a document must have room for them itself.
constexpr Frame kFigure = {640, 300, 64, 16, 12, 46};
constexpr Frame kDocument = {820, 440, 70, 190, 40, 50};
// The names of two series are at least this far apart.
constexpr double kNameHeight = 15;

using Ticks = std::vector<std::pair<double, std::string>>;

// Maps an axis's values to the range 0 to 1.
class Scale {
 public:
  Scale(const PlotAxis& axis, double least, double most) : axis_(axis) {
    if (axis.log) {  // from_zero has no meaning here
      least = std::max(least, 1e-9);
      most = std::max(most, least);
      // Few decades are shown whole, so that the curve has room and the grid is round.
      least_ = std::floor(std::log10(least) * 3 + 1e-9) / 3;
      most_ = std::max(std::ceil(std::log10(most) * 3 - 1e-9) / 3, least_ + 1.0 / 3);
    } else {
      least_ = axis.from_zero ? std::min(0.0, least) : least;
      most_ = most > least_ ? most : least_ + 1;
      if (axis.from_zero) most_ += (most_ - least_) * 0.06;
    }
  }

  double At(double value) const {
    const double placed = axis_.log ? std::log10(std::max(value, 1e-9)) : value;
    return std::clamp((placed - least_) / (most_ - least_), 0.0, 1.0);
  }

  Ticks MakeTicks() const {
    if (!axis_.ticks.empty()) return axis_.ticks;
    return axis_.log ? LogTicks() : LinearTicks();
  }

 private:
  Ticks LogTicks() const {
    Ticks ticks;
    const bool few = most_ - least_ < 2.5;
    for (double decade = std::floor(least_); decade <= most_ + 1e-9; ++decade) {
      for (const double step : {1.0, 2.0, 5.0}) {
        if (step > 1 && !few) continue;
        const double value = std::pow(10, decade) * step;
        const double placed = std::log10(value);
        if (placed < least_ - 1e-6 || placed > most_ + 1e-6) continue;
        ticks.emplace_back(value, axis_.format(value));
      }
    }
    return ticks;
  }

  Ticks LinearTicks() const {
    const double rough = (most_ - least_) / 5;
    const double decade = std::pow(10, std::floor(std::log10(rough)));
    const double ratio = rough / decade;
    const double step = decade * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
    Ticks ticks;
    for (double value = std::ceil(least_ / step - 1e-9) * step; value <= most_ + step * 1e-6;
         value += step) {
      const double clean = std::abs(value) < step * 1e-6 ? 0 : value;
      ticks.emplace_back(clean, axis_.format(clean));
    }
    return ticks;
  }

  const PlotAxis& axis_;
  double least_ = 0;
  double most_ = 1;
};

// The least and greatest value of an axis.
struct Extent {
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();

  void Include(double value, bool log) {
    if (log && value <= 0) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
};

// The colors of a style sheet.
struct Colours {
  std::string rule;
  std::string soft;
  std::string bad;
  std::array<std::string, kPlotColours> series;
};
// A document has its colors written out, because not every program that shows SVG knows variables.
const Colours& DocumentColours() {
  static const Colours* const colours =
      new Colours{"#ddd",
                  "#333",
                  "#c02626",
                  {"#0b5fa5", "#d1495b", "#2e8b57", "#8d5a97", "#c77d0a", "#3a3a3a", "#00838f",
                   "#a0522d", "#6b8e23", "#b83280", "#708090"}};
  return *colours;
}

std::string StyleIn(const Colours& colours) {
  std::string style = fmt::format(
      ".grid {{ stroke: {0}; }} .axis {{ stroke: {1}; }}\n"
      ".mark {{ stroke: {2}; stroke-dasharray: 2 4; }}\n"
      ".tick, .label {{ font-size: 12px; fill: {1}; }} .label {{ font-size: 12.5px; }}\n"
      ".line {{ fill: none; stroke-width: 2; stroke-linejoin: round; }}\n"
      ".line.dashed {{ stroke-dasharray: 5 4; stroke-width: 1.5; }}\n",
      colours.rule, colours.soft, colours.bad);
  for (size_t i = 0; i < kPlotColours; ++i) {
    style += fmt::format(".s{0} {{ stroke: {1}; }} .f{0} {{ fill: {1}; }}\n", i, colours.series[i]);
  }
  return style;
}

class Drawing {
 public:
  Drawing(const Plot& plot, const Frame& frame, const Extent& x, const Extent& y)
      : plot_(plot),
        frame_(frame),
        right_(frame.width - frame.right),
        bottom_(frame.height - frame.bottom),
        x_(plot.x, x.least, x.most),
        y_(plot.y, y.least, y.most) {}

  // Renders an element of a page.
  std::string RenderFigure() {
    svg_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", frame_.width,
                       frame_.height, HtmlText(plot_.title));
    Lines();
    return svg_ + "</svg>";
  }

  std::string RenderDocument() {
    svg_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\">\n<style>\n{2}"
        ".title {{ font-size: 15px; }} .name {{ font-size: 12px; }}\n</style>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n"
        "<text class=\"title\" x=\"{3}\" y=\"22\" text-anchor=\"middle\">{4}</text>\n"
        "<text class=\"label\" x=\"18\" y=\"{5}\" text-anchor=\"middle\" "
        "transform=\"rotate(-90 18 {5})\">{6}</text>\n",
        frame_.width, frame_.height, StyleIn(DocumentColours()), (frame_.left + right_) / 2,
        HtmlText(plot_.title), (frame_.top + bottom_) / 2, HtmlText(plot_.y.title));
    Lines();
    Names();
    return svg_ + "</svg>\n";
  }

 private:
  double X(double value) const { return frame_.left + x_.At(value) * (right_ - frame_.left); }
  double Y(double value) const { return bottom_ - y_.At(value) * (bottom_ - frame_.top); }

  void Lines() {
    Grid();
    for (const PlotMark& mark : plot_.marks) Mark(mark);
    for (const PlotSeries& series : plot_.series) Line(series);
  }

  // Names each series at its end, in the order of the ends. Names that would overlap are moved
  // apart.
  void Names() {
    std::vector<std::pair<double, const PlotSeries*>> names;
    for (const PlotSeries& series : plot_.series) {
      if (!series.points.empty()) names.emplace_back(Y(series.points.back().second), &series);
    }
    std::sort(names.begin(), names.end());
    double last = -kNameHeight;
    for (auto& [y, series] : names) last = y = std::max(y, last + kNameHeight);
    const double over = std::max(0.0, last - (frame_.height - 12));
    for (const auto& [y, series] : names) {
      svg_ += fmt::format("<text class=\"name f{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                          series->colour % kPlotColours, X(series->points.back().first) + 10,
                          y - over + 4, HtmlText(series->label));
    }
  }

  void Grid() {
    for (const auto& [value, label] : y_.MakeTicks()) {
      svg_ += fmt::format(
          "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
          "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
          frame_.left, right_, Y(value), Y(value), frame_.left - 8, Y(value) + 4, HtmlText(label));
    }
    for (const auto& [value, label] : x_.MakeTicks()) {
      svg_ += fmt::format(
          "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>"
          "<text class=\"tick\" x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>",
          X(value), frame_.top, bottom_, bottom_ + 17, HtmlText(label));
    }
    svg_ += fmt::format(
        "<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>"
        "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        frame_.left, right_, bottom_, bottom_, (frame_.left + right_) / 2, frame_.height - 8,
        HtmlText(plot_.x.title));
  }

  void Mark(const PlotMark& mark) {
    svg_ += fmt::format(
        "<line class=\"mark\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\">{}</text>",
        frame_.left, right_, Y(mark.y), Y(mark.y), frame_.left + 6, Y(mark.y) - 5,
        HtmlText(mark.label));
  }

  void Line(const PlotSeries& series) {
    std::string path;
    for (const auto& [x, y] : series.points) {
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", X(x), Y(y));
    }
    svg_ += fmt::format("<path class=\"line s{}{}\" d=\"{}\"/>", series.colour % kPlotColours,
                        series.dashed ? " dashed" : "", path);
    if (!series.dots) return;
    for (const auto& [x, y] : series.points) {
      svg_ += fmt::format(
          "<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"><title>{}: {} at "
          "{}</title></circle>",
          series.colour % kPlotColours, X(x), Y(y), HtmlText(series.label),
          HtmlText(plot_.y.format(y)), HtmlText(plot_.x.format ? plot_.x.format(x) : ""));
    }
  }

  const Plot& plot_;
  const Frame& frame_;
  const double right_;  // the sides of the plot in the picture
  const double bottom_;
  const Scale x_;
  const Scale y_;
  std::string svg_;
};

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

namespace {

// The range that the axes must show; none if there is nothing to draw.
struct Extents {
  Extent x;
  Extent y;
};
std::optional<Extents> ExtentsOf(const Plot& plot) {
  Extents extents;
  bool drawable = false;
  for (const PlotSeries& series : plot.series) {
    drawable = drawable || series.points.size() >= 2 || (series.dots && !series.points.empty());
    for (const auto& [at, value] : series.points) {
      extents.x.Include(at, plot.x.log);
      extents.y.Include(value, plot.y.log);
    }
  }
  for (const PlotMark& mark : plot.marks) extents.y.Include(mark.y, plot.y.log);
  const auto& [x, y] = extents;
  if (!drawable || x.least > x.most || y.least > y.most) return std::nullopt;
  return extents;
}

}  // namespace

std::string RenderPlot(const Plot& plot) {
  const auto extents = ExtentsOf(plot);
  if (!extents) return "";
  std::string legend;
  for (const PlotSeries& series : plot.series) {
    if (series.label.empty()) continue;
    legend += fmt::format("<span class=\"key\"><i class=\"b{}{}\"></i>{}</span>",
                          series.colour % kPlotColours, series.dashed ? " dashed" : "",
                          HtmlText(series.label));
  }
  return fmt::format(
      "<figure><figcaption><b>{}</b> <span class=\"unit\">{}</span></figcaption>"
      "<div class=\"keys\">{}</div>{}<p>{}</p></figure>\n",
      HtmlText(plot.title), HtmlText(plot.y.title), legend,
      Drawing(plot, kFigure, extents->x, extents->y).RenderFigure(), HtmlText(plot.caption));
}

std::string RenderPlotFile(const Plot& plot) {
  const auto extents = ExtentsOf(plot);
  return extents ? Drawing(plot, kDocument, extents->x, extents->y).RenderDocument() : "";
}

std::string PlotStyle() {
  Colours colours{"var(--rule)", "var(--soft)", "var(--bad)", {}};
  std::string keys;
  for (size_t i = 0; i < kPlotColours; ++i) {
    colours.series[i] = fmt::format("var(--c{})", i);
    keys += fmt::format(".key .b{} {{ border-color: {}; }}\n", i, colours.series[i]);
  }
  return StyleIn(colours) + keys;
}

}  // namespace dnc::cli

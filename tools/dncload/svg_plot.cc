#include "tools/dncload/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fmt/format.h"

namespace dnc::load {
namespace {

constexpr double kWidth = 640;
constexpr double kHeight = 300;
constexpr double kLeft = 64;
constexpr double kRight = 16;
constexpr double kTop = 12;
constexpr double kBottom = 46;

using Ticks = std::vector<std::pair<double, std::string>>;

// Maps an axis's values to 0 to 1.
class Scale {
 public:
  Scale(const PlotAxis& axis, double least, double most) : axis_(axis) {
    if (axis.log) {  // from_zero has no meaning
      least = std::max(least, 1e-9);
      most = std::max(most, least);
      // Whole decades where they are few, so that the curve has room and the grid is round.
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

class Drawing {
 public:
  Drawing(const Plot& plot, const Extent& x, const Extent& y)
      : plot_(plot), x_(plot.x, x.least, x.most), y_(plot.y, y.least, y.most) {}

  std::string Render() {
    svg_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", kWidth,
                       kHeight, HtmlText(plot_.title));
    Grid();
    for (const PlotMark& mark : plot_.marks) Mark(mark);
    for (const PlotSeries& series : plot_.series) Line(series);
    return svg_ + "</svg>";
  }

 private:
  double X(double value) const { return kLeft + x_.At(value) * (kWidth - kLeft - kRight); }
  double Y(double value) const {
    return kHeight - kBottom - y_.At(value) * (kHeight - kTop - kBottom);
  }

  void Grid() {
    const double bottom = kHeight - kBottom;
    for (const auto& [value, label] : y_.MakeTicks()) {
      svg_ += fmt::format(
          "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
          "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
          kLeft, kWidth - kRight, Y(value), Y(value), kLeft - 8, Y(value) + 4, HtmlText(label));
    }
    for (const auto& [value, label] : x_.MakeTicks()) {
      svg_ += fmt::format(
          "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>"
          "<text class=\"tick\" x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>",
          X(value), kTop, bottom, bottom + 17, HtmlText(label));
    }
    svg_ += fmt::format(
        "<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>"
        "<text class=\"label\" x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
        kLeft, kWidth - kRight, bottom, bottom, (kLeft + kWidth - kRight) / 2, kHeight - 8,
        HtmlText(plot_.x.title));
  }

  void Mark(const PlotMark& mark) {
    svg_ += fmt::format(
        "<line class=\"mark\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"tick\" x=\"{}\" y=\"{:.1f}\">{}</text>",
        kLeft, kWidth - kRight, Y(mark.y), Y(mark.y), kLeft + 6, Y(mark.y) - 5,
        HtmlText(mark.label));
  }

  void Line(const PlotSeries& series) {
    std::string path;
    for (const auto& [x, y] : series.points) {
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", X(x), Y(y));
    }
    svg_ += fmt::format("<path class=\"line s{}{}\" d=\"{}\"/>", series.colour % 8,
                        series.dashed ? " dashed" : "", path);
    if (!series.dots) return;
    for (const auto& [x, y] : series.points) {
      svg_ += fmt::format(
          "<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"><title>{}: {} at "
          "{}</title></circle>",
          series.colour % 8, X(x), Y(y), HtmlText(series.label), HtmlText(plot_.y.format(y)),
          HtmlText(plot_.x.format ? plot_.x.format(x) : ""));
    }
  }

  const Plot& plot_;
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

std::string RenderPlot(const Plot& plot) {
  Extent x;
  Extent y;
  bool drawable = false;
  for (const PlotSeries& series : plot.series) {
    drawable = drawable || series.points.size() >= 2 || (series.dots && !series.points.empty());
    for (const auto& [at, value] : series.points) {
      x.Include(at, plot.x.log);
      y.Include(value, plot.y.log);
    }
  }
  for (const PlotMark& mark : plot.marks) y.Include(mark.y, plot.y.log);
  if (!drawable || x.least > x.most || y.least > y.most) return "";
  std::string legend;
  for (const PlotSeries& series : plot.series) {
    if (series.label.empty()) continue;
    legend += fmt::format("<span class=\"key\"><i class=\"b{}{}\"></i>{}</span>", series.colour % 8,
                          series.dashed ? " dashed" : "", HtmlText(series.label));
  }
  return fmt::format(
      "<figure><figcaption><b>{}</b> <span class=\"unit\">{}</span></figcaption>"
      "<div class=\"keys\">{}</div>{}<p>{}</p></figure>\n",
      HtmlText(plot.title), HtmlText(plot.y.title), legend, Drawing(plot, x, y).Render(),
      HtmlText(plot.caption));
}

}  // namespace dnc::load

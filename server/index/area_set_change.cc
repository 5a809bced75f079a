#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include "server/index/area_set.h"
#include "server/index/area_set_draft.h"

namespace dnc {
namespace {

// Sorts the changes by number and keeps the last of each number.
std::vector<Change> LastOfEach(absl::Span<const Change> changes) {
  std::vector<uint64_t> order;  // number, then place
  order.reserve(changes.size());
  for (size_t i = 0; i < changes.size(); ++i) {
    assert(changes[i].subscriber < kNumbersPerArea);
    order.push_back((uint64_t{changes[i].subscriber} << 32) | i);
  }
  std::sort(order.begin(), order.end());
  std::vector<Change> last;
  last.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i + 1 < order.size() && (order[i + 1] >> 32) == (order[i] >> 32)) continue;
    last.push_back(changes[static_cast<uint32_t>(order[i])]);
  }
  return last;
}

int ExchangeOf(const Change& change) {
  return static_cast<int>(change.subscriber / kNumbersPerExchange);
}

// The old differences with the new ones over them; both ascending, a line at most once in each.
std::vector<LineState> Merged(const std::vector<LineState>& old_lines,
                              const std::vector<LineState>& new_lines) {
  std::vector<LineState> merged;
  merged.reserve(old_lines.size() + new_lines.size());
  auto old_line = old_lines.begin();
  for (const LineState& line : new_lines) {
    while (old_line != old_lines.end() && old_line->line < line.line) {
      merged.push_back(*old_line++);
    }
    if (old_line != old_lines.end() && old_line->line == line.line) ++old_line;
    merged.push_back(line);
  }
  merged.insert(merged.end(), old_line, old_lines.end());
  return merged;
}

}  // namespace

// Writes the successor of `base`, which holds numbers.
class AreaSetChanger {
 public:
  // `effective`: ascending, one a number, each a real difference to `base`.
  AreaSetChanger(const AreaSetPtr& base, const std::vector<Change>& effective)
      : base_(*base),
        root_(base->base_ != nullptr ? base->base_ : base),
        effective_(effective),
        draft_(BlockBytes(), root_) {}

  // `size`: the count of numbers afterwards.
  AreaSetPtr Write(uint32_t size) && {
    auto change = effective_.begin();
    for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
      lines_.clear();
      for (; change != effective_.end() && ExchangeOf(*change) == exchange; ++change) {
        const uint32_t line = change->subscriber % kNumbersPerExchange;
        lines_.push_back({static_cast<uint16_t>(line), change->added});
      }
      const BlockRef block = base_.block(exchange);
      if (!lines_.empty()) {
        draft_.SetBlock(exchange, Changed(exchange, block));
      } else {
        draft_.SetBlock(exchange, IsBaseOwn(block) ? draft_.Copy(block) : block);
      }
    }
    return std::move(draft_).Finish(size);
  }

 private:
  // True for a block that lies in a base which will not be kept alive.
  bool IsBaseOwn(BlockRef block) const {
    return base_.base_ != nullptr && base_.arena_.Contains(block.data());
  }

  // At most this is written.
  size_t BlockBytes() const {
    size_t bytes = 0;
    int last = -1;
    for (const Change& change : effective_) {
      if (ExchangeOf(change) != last) bytes += sizeof(Bitmap);
      last = ExchangeOf(change);
    }
    for (int exchange = 0; exchange < kExchangesPerArea; ++exchange) {
      if (IsBaseOwn(base_.block(exchange))) bytes += base_.block(exchange).bytes();
    }
    return bytes;
  }

  // `block` of the base with lines_ applied.
  BlockRef Changed(int exchange, BlockRef block) {
    const BlockRef root = root_->block(exchange);
    if (block.is_delta()) {
      std::vector<LineState> old_lines;
      AppendDeltaLines(block, old_lines);
      lines_ = Merged(old_lines, lines_);
      lines_.erase(std::remove_if(lines_.begin(), lines_.end(),
                                  [root](const LineState& line) {
                                    return root.bitmap().Test(line.line) == line.listed;
                                  }),
                   lines_.end());
      if (lines_.empty()) return root;
    }
    const bool over_root = block.is_delta() || (block == root && root.is_bitmap());
    if (over_root && !root.is_empty() && lines_.size() <= kMaxDeltaLines) {
      return WriteDelta(root, lines_, draft_.arena());
    }
    return Rewritten(over_root ? root : block);
  }

  // A block of its own: `block` with lines_ applied.
  BlockRef Rewritten(BlockRef block) {
    Bitmap scratch;
    Bitmap bitmap = ReadBitmap(block, scratch);
    for (const LineState& line : lines_) {
      if (line.listed) {
        bitmap.Set(line.line);
      } else {
        bitmap.Clear(line.line);
      }
    }
    return PackBlock(bitmap, bitmap.Count(), draft_.arena());
  }

  const AreaSet& base_;
  const AreaSetPtr root_;  // shares nothing; its bitmaps are the bases of all deltas
  const std::vector<Change>& effective_;
  std::vector<LineState> lines_;
  AreaSetDraft draft_;
};

namespace {

// A set with the additions of `effective`; there is nothing to delete from.
AreaSetPtr Added(const std::vector<Change>& effective) {
  AreaSetBuilder builder;
  for (const Change& change : effective) builder.Add(change.subscriber);
  return std::move(builder).Build();
}

}  // namespace

ChangeResult WithChanges(const AreaSetPtr& base, absl::Span<const Change> changes) {
  ChangeResult result;
  result.effective = LastOfEach(changes);
  const size_t numbers = result.effective.size();
  const auto has_no_effect = [&base](const Change& change) {
    return change.added == (base != nullptr && base->Contains(change.subscriber));
  };
  result.effective.erase(
      std::remove_if(result.effective.begin(), result.effective.end(), has_no_effect),
      result.effective.end());
  result.no_effect = numbers - result.effective.size();
  if (base == nullptr || base->size() == 0) {
    result.set = Added(result.effective);
    return result;
  }
  if (result.effective.empty()) {
    result.set = base;
    return result;
  }
  uint32_t size = base->size();
  for (const Change& change : result.effective) size += change.added ? 1 : -1;
  result.set = AreaSetChanger(base, result.effective).Write(size);
  return result;
}

}  // namespace dnc

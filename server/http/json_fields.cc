#include "server/http/json_fields.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "nlohmann/json.hpp"
#include "server/base/str_cat.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// Takes the parser's events as they come, so that no tree is made of 50,000 numbers. Returning
// false ends the reading; `status` says why.
class FieldsFromJson final : public nlohmann::json_sax<nlohmann::json> {
 public:
  FieldsFromJson(std::string_view list, FormFields* out) : list_(list), out_(*out) {}

  const absl::Status& status() const { return status_; }

  bool key(string_t& name) override {
    name_ = std::move(name);
    return NoteMember();
  }
  bool string(string_t& text) override { return Take(std::move(text)); }
  bool number_unsigned(number_unsigned_t number) override { return Take(std::to_string(number)); }
  bool null() override {
    if (in_object_ && !in_list_) return true;
    return Refuse("is null; leave out what is not there");
  }
  bool boolean(bool /*value*/) override { return Refuse("is true or false; send a text"); }
  bool number_integer(number_integer_t /*number*/) override {
    return Refuse("is a negative number; send a text");
  }
  bool number_float(number_float_t /*number*/, const string_t& /*text*/) override {
    return Refuse("is a number with a fraction or an exponent, or too large; send a text");
  }
  bool binary(binary_t& /*bytes*/) override { return Refuse("is no text"); }

  bool start_object(std::size_t /*size*/) override {
    if (in_object_) return Refuse("is an object; send a text");
    in_object_ = true;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*size*/) override {
    if (!in_object_ || in_list_ || !absl::EqualsIgnoreCase(name_, ToAbsl(list_))) {
      return Refuse("is an array; send a text");
    }
    in_list_ = true;
    entries_ = 0;
    joined_.clear();
    return true;
  }
  bool end_array() override {
    in_list_ = false;
    return Add(std::move(joined_));
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    status_ = InvalidRequest(StrCat("the body is no JSON: see byte ", position));
    return false;
  }

 private:
  std::string Place() const {
    if (!in_object_) return "the body";
    if (!in_list_) return StrCat("the field ", ShownName(name_));
    return StrCat("entry ", entries_ + 1, " of ", ShownName(name_));
  }
  bool Refuse(std::string_view what) {
    status_ = InvalidRequest(StrCat(Place(), " ", what));
    return false;
  }
  // A member whose value is null adds no field, and still must not come twice.
  bool NoteMember() {
    const bool seen = std::any_of(
        members_.begin(), members_.end(),
        [this](const std::string& each) { return absl::EqualsIgnoreCase(each, name_); });
    if (seen) {
      status_ = InvalidRequest(
          StrCat("the field ", ShownName(name_), " comes twice in the JSON object; send it once"));
    } else if (members_.size() == kMaxFormFields) {
      status_ = InvalidRequest(StrCat("the request has more than ", kMaxFormFields, " fields"));
    } else {
      members_.push_back(name_);
    }
    return status_.ok();
  }
  bool Add(std::string value) {
    status_ = out_.Add(out_.Keep(name_), out_.Keep(std::move(value)));
    return status_.ok();
  }
  bool Take(std::string text) {
    if (!in_object_) return Refuse("is no JSON object");
    if (!in_list_) return Add(std::move(text));
    if (text.empty()) return Refuse("is empty");
    if (text.find_first_of(",\r\n") != std::string::npos) {
      return Refuse("has a comma or a line end; send one number an entry");
    }
    if (entries_ > 0) joined_.push_back(',');
    ++entries_;
    joined_.append(text);
    return true;
  }

  const std::string_view list_;
  FormFields& out_;
  absl::Status status_;
  std::string name_;                  // of the member at hand
  std::vector<std::string> members_;  // the names of all so far, null or not
  bool in_object_ = false;
  bool in_list_ = false;
  uint64_t entries_ = 0;
  std::string joined_;
};

// The body, cut inside the first number of more digits than 64 bits can have, if there is one. The
// parser refuses what is left of such a number, with its place, and has no megabytes of digits to
// make a number of.
std::string_view UpToLongNumber(std::string_view body) {
  constexpr size_t kMaxCharacters = 20;
  bool in_text = false;
  size_t characters = 0;  // of the number at hand
  for (size_t i = 0; i < body.size(); ++i) {
    const char c = body[i];
    if (in_text) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_text = false;
      }
      continue;
    }
    in_text = c == '"';
    const bool in_number =
        (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E';
    characters = in_number ? characters + 1 : 0;
    if (characters > kMaxCharacters) return body.substr(0, i + 1);
  }
  return body;
}

}  // namespace

absl::Status ReadJsonFields(std::string_view body, std::string_view list, FormFields* out) {
  body = UpToLongNumber(body);
  FieldsFromJson fields(list, out);
  const bool read = nlohmann::json::sax_parse(body.begin(), body.end(), &fields);
  if (read || !fields.status().ok()) return fields.status();
  return InvalidRequest("the body is no JSON object");
}

}  // namespace dnc

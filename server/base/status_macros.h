// Early return for absl::Status and absl::StatusOr.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define DNC_CONCAT_INNER(a, b) a##b
#define DNC_CONCAT(a, b) DNC_CONCAT_INNER(a, b)

// Returns the error of `expr`, if it is one.
#define DNC_RETURN_IF_ERROR(expr)            \
  do {                                       \
    absl::Status dnc_status = (expr);        \
    if (!dnc_status.ok()) return dnc_status; \
  } while (false)

// DNC_ASSIGN_OR_RETURN(auto value, Expression()); declares or assigns, or returns the error.
#define DNC_ASSIGN_OR_RETURN(lhs, expr) \
  DNC_ASSIGN_OR_RETURN_INNER(DNC_CONCAT(dnc_status_or_, __LINE__), lhs, expr)
#define DNC_ASSIGN_OR_RETURN_INNER(var, lhs, expr) \
  auto var = (expr);                               \
  if (!var.ok()) return std::move(var).status();   \
  lhs = std::move(var).value()

// The side of Http2Connection that nghttp2 calls. Included by http2_connection.cc alone.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "server/wire/http2_connection.h"

namespace dnc {

// What nghttp2 calls, as the plain functions that it takes, and how its sessions are set up.
struct SessionCallbacks {
  // So much is written before the socket is tried, and so much may wait for it.
  static constexpr size_t kMaxWrite = 256 << 10;
  static constexpr int64_t kBadFrameCost = 10;
  // What a call's headers may have before the connection ends; above `max_metadata` the call is
  // refused. nghttp2 takes no single value above 64 KiB.
  static constexpr uint32_t kHeaderListBytes = 256 << 10;
  static constexpr size_t kMaxContinuations = kHeaderListBytes / (16 << 10);
  static constexpr std::array<uint8_t, 8> kEndPing = {'d', 'n', 'c', 'd', '-', 'e', 'n', 'd'};

  // They are the same for all connections, and made once.
  static const nghttp2_session_callbacks* Shared() {
    static const nghttp2_session_callbacks* const made = Make();
    return made;
  }
  static const nghttp2_option* Options() {
    static const nghttp2_option* const made = MakeOptions();
    return made;
  }

  // Whether a frame brings nothing by itself. Data of a few bytes, as a message in crumbs has,
  // count as such, and so does what no call waits for.
  static bool IsIdle(nghttp2_session* session, const nghttp2_frame_hd& frame,
                     const Http2Connection& connection) {
    constexpr size_t kCrumb = 16;
    switch (frame.type) {
      case NGHTTP2_HEADERS:
        // New ones are counted as calls. Those of streams that are over nghttp2 reads and ignores,
        // without a word.
        return frame.stream_id <= nghttp2_session_get_last_proc_stream_id(session) &&
               connection.Unanswered(frame.stream_id) == nullptr;
      case NGHTTP2_DATA:
        return frame.length < kCrumb && (frame.flags & NGHTTP2_FLAG_END_STREAM) == 0;
      default:
        return true;
    }
  }

  static Http2Connection* Self(void* user) { return static_cast<Http2Connection*>(user); }

  static int OnBeginHeaders(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    return Self(user)->BeginStream(frame->hd.stream_id);
  }

  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    return Self(user)->AddHeader(frame->hd.stream_id,
                                 {reinterpret_cast<const char*>(name), name_size},
                                 {reinterpret_cast<const char*>(value), value_size});
  }

  static int OnBeginFrame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user) {
    ++Self(user)->told_frames_;
    if (frame->type == NGHTTP2_DATA && Self(user)->Unanswered(frame->stream_id) == nullptr) {
      return Self(user)->CountLateFrames(1);
    }
    return IsIdle(session, *frame, *Self(user)) ? Self(user)->CountIdleFrame(1) : 0;
  }

  // Nobody wants what is in frames of unknown types.
  static int OnUnknownBytes(nghttp2_session* /*session*/, const nghttp2_frame_hd* /*frame*/,
                            const uint8_t* /*bytes*/, size_t /*size*/, void* /*user*/) {
    return NGHTTP2_ERR_CANCEL;
  }

  static int OnUnknownFrame(nghttp2_session* /*session*/, void** /*payload*/,
                            const nghttp2_frame_hd* /*frame*/, void* /*user*/) {
    return NGHTTP2_ERR_CANCEL;
  }

  static int OnInvalidFrame(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
                            int /*error*/, void* user) {
    return Self(user)->CountIdleFrame(kBadFrameCost);
  }

  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    Http2Connection* const self = Self(user);
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
          return self->EndHeaders(frame->hd.stream_id, end);
        }
        return end ? self->EndData(frame->hd.stream_id) : 0;
      case NGHTTP2_DATA:
        return end ? self->EndData(frame->hd.stream_id) : 0;
      case NGHTTP2_SETTINGS:
        self->began_ = true;
        return 0;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 &&
            std::memcmp(frame->ping.opaque_data, kEndPing.data(), kEndPing.size()) == 0) {
          self->end_seen_ = true;
        }
        return 0;
      case NGHTTP2_RST_STREAM:
        return self->CountReset(frame->hd.stream_id);
      default:
        return 0;
    }
  }

  static int OnData(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t id,
                    const uint8_t* bytes, size_t size, void* user) {
    return Self(user)->AddData(id, {reinterpret_cast<const char*>(bytes), size});
  }

  static int OnStreamClose(nghttp2_session* /*session*/, int32_t id, uint32_t /*error*/,
                           void* user) {
    return Self(user)->CloseStream(id);
  }

  static int OnFrameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
      return 0;
    }
    Self(user)->NoteEndSent(frame->hd.stream_id);
    // The caller need not send the rest. A reset that is submitted with the answer would take its
    // place: nghttp2 sends it first, and drops the answer.
    if (!Self(user)->HasEnded(frame->hd.stream_id)) {
      nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    }
    return 0;
  }

  static ssize_t SendBytes(nghttp2_session* /*session*/, const uint8_t* bytes, size_t size,
                           int /*flags*/, void* user) {
    std::string& out = Self(user)->loop_->write_space();
    if (out.size() >= kMaxWrite) return NGHTTP2_ERR_WOULDBLOCK;
    out.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<ssize_t>(size);
  }

  static ssize_t ReadData(nghttp2_session* /*session*/, int32_t /*id*/, uint8_t* /*buffer*/,
                          size_t size, uint32_t* flags, nghttp2_data_source* source, void* user) {
    return Self(user)->OfferData(static_cast<GrpcStream*>(source->ptr), size, flags);
  }

  static int SendData(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/, const uint8_t* head,
                      size_t size, nghttp2_data_source* source, void* user) {
    std::string& out = Self(user)->loop_->write_space();
    if (out.size() >= kMaxWrite) return NGHTTP2_ERR_WOULDBLOCK;
    constexpr size_t kHeadBytes = 9;
    out.append(reinterpret_cast<const char*>(head), kHeadBytes);
    Self(user)->TakeData(static_cast<GrpcStream*>(source->ptr), size, &out);
    return 0;
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, &OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(made, &OnHeader);
    nghttp2_session_callbacks_set_on_begin_frame_callback(made, &OnBeginFrame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(made, &OnInvalidFrame);
    nghttp2_session_callbacks_set_on_extension_chunk_recv_callback(made, &OnUnknownBytes);
    nghttp2_session_callbacks_set_unpack_extension_callback(made, &OnUnknownFrame);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, &OnFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, &OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, &OnStreamClose);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, &OnFrameSent);
    nghttp2_session_callbacks_set_send_callback(made, &SendBytes);
    nghttp2_session_callbacks_set_send_data_callback(made, &SendData);
    return made;
  }

  static nghttp2_option* MakeOptions() {
    nghttp2_option* made = nullptr;
    nghttp2_option_new(&made);
    // Windows open again when bytes have been taken.
    nghttp2_option_set_no_auto_window_update(made, 1);
    // Closed streams are only kept for priorities, which nobody asks for.
    nghttp2_option_set_no_closed_streams(made, 1);
    // Of frames of unknown types nghttp2 tells only if it is to hand them over.
    for (int type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; ++type) {
      nghttp2_option_set_user_recv_extension_type(made, static_cast<uint8_t>(type));
    }
    // Keys come with blanks around them; they say nothing.
    nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(made, 1);
    nghttp2_option_set_max_continuations(made, kMaxContinuations);
    // Honest callers who give up would run into nghttp2's own limit: resets are counted here.
    nghttp2_option_set_stream_reset_rate_limit(made, UINT64_MAX, UINT64_MAX);
    return made;
  }
};

}  // namespace dnc

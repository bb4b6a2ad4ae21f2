"""What nginx finds wrong in a configuration before it starts. nginx: src/core/ngx_conf_file.c

A word that is not known is none of nginx's directives, as far as those that its packages bring are listed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lifecycle.programs.lists import names

BLOCKS = set(
    names("events http server location upstream if map geo types limit_except split_clients charset_map stream mail match")
)
"""Directives that have a block."""

FREE = set(names("map geo types split_clients charset_map match"))
"""Blocks in which words mean what their authors want."""

DIRECTIVES = BLOCKS | set(
    names(
        "absolute_redirect accept_mutex accept_mutex_delay access_log add_after_body add_before_body add_header add_trailer "
        "addition_types aio aio_write alias allow ancient_browser ancient_browser_value autoindex break charset "
        "charset_types chunked_transfer_encoding connection_pool_size create_full_put_path daemon debug_connection "
        "debug_points default_type deny directio directio_alignment disable_symlinks empty_gif env epoll_events error_log "
        "error_page etag expires f4f flv gunzip hash if_modified_since ignore_invalid_headers include index internal ip_hash "
        "least_conn least_time limit_conn limit_conn_dry_run limit_conn_log_level limit_conn_status limit_conn_zone "
        "limit_rate limit_rate_after limit_req limit_req_dry_run limit_req_log_level limit_req_status limit_req_zone "
        "lingering_close lingering_time lingering_timeout listen load_module lock_file log_format log_not_found "
        "log_subrequest map_hash_bucket_size map_hash_max_size master_process max_ranges merge_slashes min_delete_depth "
        "mirror mirror_request_body modern_browser modern_browser_value mp4 mp4_buffer_size mp4_limit_rate "
        "mp4_limit_rate_after mp4_max_buffer_size mp4_start_key_frame msie_padding msie_refresh multi_accept ntlm "
        "output_buffers override_charset pcre_jit pid pool port_in_redirect post_action postpone_output preread_buffer_size "
        "preread_timeout protocol queue random random_index read_ahead real_ip_header real_ip_recursive "
        "recursive_error_pages referer_hash_bucket_size referer_hash_max_size request_pool_size reset_timedout_connection "
        "resolver resolver_timeout return rewrite rewrite_log root satisfy secure_link secure_link_md5 secure_link_secret "
        "send_lowat send_timeout sendfile sendfile_max_chunk server_name server_name_in_redirect "
        "server_names_hash_bucket_size server_names_hash_max_size server_tokens set set_real_ip_from slice slowfs "
        "source_charset ssi ssi_last_modified ssi_min_file_chunk ssi_silent_errors ssi_types ssi_value_length state "
        "status_zone sticky stub_status sub_filter sub_filter_last_modified sub_filter_once sub_filter_types "
        "subrequest_output_buffer_size tcp_nodelay tcp_nopush thread_pool timeout timer_resolution try_files "
        "types_hash_bucket_size types_hash_max_size underscores_in_headers uninitialized_variable_warn use user "
        "valid_referers variables_hash_bucket_size variables_hash_max_size working_directory xml_entities zone"
    )
)

FAMILIES = re.compile(
    "(auth|client|dav|fastcgi|geoip|grpc|gzip|http2|http3|image_filter|imap|js|keepalive|large_client|memcached|open_file|open_log|"
    "otel|perl|pop3|proxy|quic|scgi|smtp|ssl|starttls|userid|uwsgi|worker|xslt|zone_sync|api|hls|health|session|status)_?"
)
"""How the names of the directives of other modules begin."""

_PORT = re.compile(r"(?:.*:)?\d+")
_TOKENS = re.compile(
    r'#[^\n]*|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[{};]|\n|(?:\\.|\$\{|[^\s{};"\'#])(?:\\.|\$\{\w*\}?|[^\s{};])*', re.S
)


@lru_cache(maxsize=256)
def problem(path: str, text: str) -> str:
    """Return what is wrong in a file, as nginx says it; empty if nothing is."""
    if "_by_lua" in text:
        return ""
    words: list[str] = []
    open_blocks: list[str] = []
    line = 1
    for token, line in _tokens(text):
        if token not in ("{", "}", ";"):
            words.append(token)
            continue
        said = _wrong(token, words, open_blocks)
        if said:
            return f"{said} in {path}:{line}"
        if token == "{":
            open_blocks.append(words[0])
        elif token == "}":
            open_blocks.pop()
        words = []
    if words:
        return f'unexpected end of file, expecting ";" or "}}" in {path}:{line}'
    return f'unexpected end of file, expecting "}}" in {path}:{text.count(chr(10)) + 1}' if open_blocks else ""


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Return words, and what ends a directive, each with its line's number."""
    line = 1
    for match in _TOKENS.finditer(text):
        token = match.group()
        if not token.startswith("#") and token != "\n":
            yield token, line
        line += token.count("\n")


def _wrong(end: str, words: list[str], open_blocks: list[str]) -> str:
    """Return what is wrong with a directive that has come to an end."""
    if end == "}":
        return f'unexpected "{end}"' if words or not open_blocks else ""
    if not words:
        return f'unexpected "{end}"'
    name = words[0]
    if open_blocks and open_blocks[-1] in FREE:
        return ""
    if name not in DIRECTIVES and not FAMILIES.match(name):
        return f'unknown directive "{name}"'
    if name == "listen" and len(words) > 1 and _PORT.fullmatch(words[1]) and int(words[1].rpartition(":")[2]) > 65535:
        return f'invalid port in "{words[1]}" of the "listen" directive'
    if end == "{" and name not in BLOCKS:
        return f'directive "{name}" is not terminated by ";"'
    if end == ";" and name in BLOCKS and not (name == "server" and open_blocks[-1:] == ["upstream"]):
        return f'directive "{name}" has no opening "{{"'
    return ""

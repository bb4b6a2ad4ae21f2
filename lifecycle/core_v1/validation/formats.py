"""What names, ports, addresses and the like may look like. Each test returns what is wrong, nothing if all is right.

Kubernetes: apimachinery/pkg/util/validation, apimachinery/pkg/api/validate/content
"""

from __future__ import annotations

import ipaddress
import re

LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
UNDERSCORE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
UNDERSCORE_SUBDOMAIN = rf"{UNDERSCORE_LABEL}(\.{UNDERSCORE_LABEL})*"
LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
LABEL_VALUE = f"({LABEL_KEY})?"
CONFIG_KEY = "[-._a-zA-Z0-9]+"
SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
SYSCTL = rf"^({SYSCTL_SEGMENT}[\./])*{SYSCTL_SEGMENT}$"
HEADER = "[-A-Za-z0-9]+"

_LABEL, _SUBDOMAIN = re.compile(LABEL), re.compile(SUBDOMAIN)
_LABEL_KEY, _LABEL_VALUE = re.compile(LABEL_KEY), re.compile(LABEL_VALUE)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_LABEL = 63
LONGEST_SUBDOMAIN = 253
LONGEST_PORT_NAME = 15
LARGEST_ID = 2**31 - 1

ALPHANUMERIC_ENDS = "must start and end with an alphanumeric character"
LABEL_WRONG = f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and {ALPHANUMERIC_ENDS}"
SUBDOMAIN_WRONG = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and {ALPHANUMERIC_ENDS}"
)
UNDERSCORE_SUBDOMAIN_WRONG = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
    f"and {ALPHANUMERIC_ENDS}"
)
LABEL_KEY_WRONG = f"must consist of alphanumeric characters, '-', '_' or '.', and {ALPHANUMERIC_ENDS}"
LABEL_VALUE_WRONG = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and {ALPHANUMERIC_ENDS}"
)
CONFIG_KEY_WRONG = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
ENV_NAME_WRONG = "a valid environment variable name must consist only of printable ASCII characters other than '='"
HEADER_WRONG = "a valid HTTP header must consist of alphanumeric characters or '-'"


def regex_error(what: str, pattern: str, *examples: str) -> str:
    """Say which pattern was missed; the two spaces before `or` are Kubernetes' own."""
    shown = " or ".join(f"'{example}', " for example in examples)
    return f"{what} (e.g. {shown}regex used for validation is '{pattern}')"


LABEL_KEY_PATTERN = regex_error(LABEL_KEY_WRONG, LABEL_KEY, "MyName", "my.name", "123-abc")


def too_long(limit: int, unit: str = "characters") -> str:
    return f"must be no more than {limit} {unit}"


def in_range(value: int, low: int, high: int) -> list[str]:
    return [] if low <= value <= high else [f"must be between {low} and {high}, inclusive"]


def dns_label(value: str) -> list[str]:
    wrong = [too_long(LONGEST_LABEL)] if len(value.encode()) > LONGEST_LABEL else []
    if not _LABEL.fullmatch(value):
        dotted = _SUBDOMAIN.fullmatch(value)
        wrong.append("must not contain dots" if dotted else regex_error(LABEL_WRONG, LABEL, "my-name", "123-abc"))
    return wrong


def dns_subdomain(value: str, unit: str = "characters") -> list[str]:
    wrong = [too_long(LONGEST_SUBDOMAIN, unit)] if len(value.encode()) > LONGEST_SUBDOMAIN else []
    if not _SUBDOMAIN.fullmatch(value):
        wrong.append(regex_error(SUBDOMAIN_WRONG, SUBDOMAIN, "example.com"))
    return wrong


def fully_qualified(value: str) -> list[str]:
    """Test a domain's name of two labels or more; a dot may follow. Kubernetes: IsFullyQualifiedDomainName"""
    name = value.removesuffix(".")
    wrong = dns_subdomain(name)
    if wrong:
        return [",".join(wrong)]
    return [] if "." in name else ["should be a domain with at least two segments separated by dots"]


def search_domain(value: str) -> list[str]:
    """Test a domain of a DNS search list, in which labels may have underscores."""
    wrong = [too_long(LONGEST_SUBDOMAIN)] if len(value.encode()) > LONGEST_SUBDOMAIN else []
    if not re.fullmatch(UNDERSCORE_SUBDOMAIN, value):
        wrong.append(regex_error(UNDERSCORE_SUBDOMAIN_WRONG, UNDERSCORE_SUBDOMAIN, "example.com"))
    return wrong


def path_segment(value: str) -> list[str]:
    """Test a name that is to stand in a URL."""
    return [f"may not be '{value}'"] if value in (".", "..") else path_segment_prefix(value)


def path_segment_prefix(value: str) -> list[str]:
    return [f"may not contain '{character}'" for character in "/%" if character in value]


def label_key(value: str) -> list[str]:
    """Test a qualified name: a label's or annotation's key, a condition's type, a resource's name."""
    prefix, slash, name = value.rpartition("/")
    if "/" in prefix:
        return [
            f"a valid label key {LABEL_KEY_PATTERN} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    wrong = []
    if slash:
        wrong = [f"prefix part {text}" for text in (dns_subdomain(prefix, "bytes") if prefix else ["must be non-empty"])]
    if not name:
        wrong.append("name part must be non-empty")
    elif len(name.encode()) > LONGEST_LABEL:
        wrong.append(f"name part {too_long(LONGEST_LABEL, 'bytes')}")
    if not _LABEL_KEY.fullmatch(name):
        wrong.append(f"name part {LABEL_KEY_PATTERN}")
    return wrong


def label_value(value: str) -> list[str]:
    wrong = [too_long(LONGEST_LABEL, "bytes")] if len(value.encode()) > LONGEST_LABEL else []
    if not _LABEL_VALUE.fullmatch(value):
        wrong.append(regex_error(LABEL_VALUE_WRONG, LABEL_VALUE, "MyValue", "my_value", "12345"))
    return wrong


def port_number(value: int) -> list[str]:
    return in_range(value, 1, 65535)


def port_name(value: str) -> list[str]:
    wrong = [too_long(LONGEST_PORT_NAME)] if len(value.encode()) > LONGEST_PORT_NAME else []
    if not re.fullmatch("[-a-z0-9]+", value):
        wrong.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", value):
        wrong.append("must contain at least one letter (a-z)")
    if "--" in value:
        wrong.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        wrong.append("must not begin or end with a hyphen")
    return wrong


def env_name(value: str) -> list[str]:
    return [] if all(" " <= c <= "~" and c != "=" for c in value) else [ENV_NAME_WRONG]


def config_key(value: str) -> list[str]:
    wrong = [too_long(LONGEST_SUBDOMAIN)] if len(value.encode()) > LONGEST_SUBDOMAIN else []
    if not re.fullmatch(CONFIG_KEY, value):
        wrong.append(regex_error(CONFIG_KEY_WRONG, CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value in (".", ".."):
        wrong.append(f"must not be '{value}'")
    elif value.startswith(".."):
        wrong.append("must not start with '..'")
    return wrong


def header_name(value: str) -> list[str]:
    return [] if re.fullmatch(HEADER, value) else [regex_error(HEADER_WRONG, HEADER, "X-Header-Name")]


def user_or_group(value: int) -> list[str]:
    return in_range(value, 0, LARGEST_ID)


def ip(value: str) -> list[str]:
    """Test an address in a field that is older than the strict test, which asks for more than it once did."""
    address = sloppy_ip(value)
    if address is None:
        return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]
    if _leading_zeros(value):
        return ["must not have leading 0s"]
    return ["must not be an IPv4-mapped IPv6 address"] if _mapped(address) else []


def endpoint_ip(value: str) -> list[str]:
    """Test that an address is one behind which somebody can be: not loopback, link-local or none at all."""
    address = sloppy_ip(value)
    if address is None:
        return ["must be a valid IP address"]
    address = getattr(address, "ipv4_mapped", None) or address
    wrong = [f"may not be unspecified ({value})"] if address.is_unspecified else []
    if address.is_loopback:
        wrong.append("may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        wrong.append("may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if int(address) >> 8 == 0xE00000 if address.version == 4 else (int(address) >> 112) & 0xFF0F == 0xFF02:
        wrong.append("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
    return wrong


def cidr(value: str) -> list[str]:
    """Test a range of addresses: the address's bits beyond the prefix are to be zero."""
    text, slash, length = value.partition("/")
    address = sloppy_ip(text)
    if address is None or not slash or not re.fullmatch("[0-9]+", length) or int(length) > address.max_prefixlen:
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    if _leading_zeros(text) or (len(length) > 1 and length.startswith("0")):
        return ["must not have leading 0s in IP or prefix length"]
    if _mapped(address):
        return ["must not have an IPv4-mapped IPv6 address"]
    beyond = int(address) & ((1 << (address.max_prefixlen - int(length))) - 1)
    return ["must not have bits set beyond the prefix length"] if beyond else []


def sloppy_ip(value: str) -> Address | None:
    """Return the address that a text names, leading zeros and all. Kubernetes: k8s.io/utils/net (ParseIPSloppy)"""
    head, colon, tail = value.rpartition(":")
    octets = [octet.lstrip("0") or octet[:1] for octet in tail.split(".")]
    plain = f"{head}{colon}{'.'.join(octets)}" if len(octets) > 1 else value
    try:
        return ipaddress.ip_address(plain) if "%" not in plain else None
    except ValueError:
        return None


def _leading_zeros(value: str) -> bool:
    octets = value.rpartition(":")[2].split(".")
    return len(octets) > 1 and any(len(octet) > 1 and octet.startswith("0") for octet in octets)


def _mapped(address: Address) -> bool:
    """Return whether an address is IPv4 in the dress of IPv6: ::ffff:1.2.3.4"""
    return getattr(address, "ipv4_mapped", None) is not None


def sysctl(value: str) -> list[str]:
    if len(value) <= LONGEST_SUBDOMAIN and re.fullmatch(SYSCTL, value):
        return []
    return [f"must have at most {LONGEST_SUBDOMAIN} characters and match regex {SYSCTL}"]


def relative_path(value: str) -> list[str]:
    """Test a path that is to stay below where it starts."""
    return (["must be a relative path"] if value.startswith("/") else []) + no_backsteps(value)


def no_backsteps(value: str) -> list[str]:
    return ["must not contain '..'"] if ".." in value.split("/") else []


def file_path(value: str) -> list[str]:
    """Test the path of a file in a volume: relative, and not one of the kubelet's own names that begin with two dots."""
    hidden = value.startswith("..") and not value.startswith("../")
    return relative_path(value) + (["must not start with '..'"] if hidden else [])


def file_mode(value: int) -> list[str]:
    return [] if 0 <= value <= 0o777 else ["must be a number between 0 and 0777 (octal), both inclusive"]

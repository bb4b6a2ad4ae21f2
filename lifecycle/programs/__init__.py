"""What processes do inside containers, in virtual time; nothing is ever run for real.

`Programs` is the room; the structs are what goes in and what comes out.
"""

from lifecycle.programs.interface import (
    STOPPED,
    ConnectResult,
    Container,
    ExecFailure,
    ExecResult,
    Exit,
    GRPCCheck,
    GRPCResult,
    HTTPGet,
    HTTPResult,
    ImageConfig,
    LogLine,
    Mount,
    ResolvConf,
    Sandbox,
    StartFailure,
    SystemOOM,
    TCPConnect,
    Usage,
    WindowSize,
    node_volume,
    persistent_volume,
)
from lifecycle.programs.network import CutFault, Endpoint, Network, NetworkState, PortFault, Service
from lifecycle.programs.room import Programs, ProgramsState

__all__ = [
    "STOPPED",
    "ConnectResult",
    "Container",
    "CutFault",
    "Endpoint",
    "ExecFailure",
    "ExecResult",
    "Exit",
    "GRPCCheck",
    "GRPCResult",
    "HTTPGet",
    "HTTPResult",
    "ImageConfig",
    "LogLine",
    "Mount",
    "Network",
    "NetworkState",
    "PortFault",
    "Programs",
    "ProgramsState",
    "ResolvConf",
    "Sandbox",
    "Service",
    "StartFailure",
    "SystemOOM",
    "TCPConnect",
    "Usage",
    "WindowSize",
    "node_volume",
    "persistent_volume",
]

"""The structs of logistic.h, binary.h and purchase.h."""

from __future__ import annotations

from ctypes import POINTER, Structure, c_double, c_int32, c_int64, c_uint8, c_uint32, c_uint64

from ._structs_base import pmkt_allocator, pmkt_zone


class pmkt_logistic(Structure):
    """Opaque."""


class pmkt_logistic_data(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("columns", c_int32),
        ("rows", c_int64),
        ("x", POINTER(c_double)),
        ("y", POINTER(c_uint8)),
        ("weight", POINTER(c_double)),
        ("cluster", POINTER(c_uint64)),
    ]


class pmkt_logistic_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("calibration", c_int32),
        ("l2", c_double),
        ("folds", c_int32),
        ("reserved", c_int32),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_logistic_facts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("columns", c_int32),
        ("rows", c_int64),
        ("positives", c_int64),
        ("clusters", c_int64),
        ("calibration", c_int32),
        ("steps", c_int32),
        ("l2", c_double),
        ("log_loss", c_double),
        ("gradient", c_double),
        ("slope", c_double),
        ("shift", c_double),
        ("curve_size", c_int64),
    ]


class pmkt_logistic_table(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("coefficient", POINTER(c_double)),
        ("standard_error", POINTER(c_double)),
        ("mean", POINTER(c_double)),
        ("deviation", POINTER(c_double)),
    ]


class pmkt_binary_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("bins", c_int32),
        ("cluster", POINTER(c_uint64)),
        ("rival", POINTER(c_double)),
        ("resamples", c_int32),
        ("reserved", c_int32),
        ("level", c_double),
        ("seed", c_uint64),
        ("allocator", POINTER(pmkt_allocator)),
    ]


class pmkt_binary_figure(Structure):
    _fields_ = [
        ("value", c_double),
        ("low", c_double),
        ("high", c_double),
    ]


class pmkt_binary_result(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("rows", c_int64),
        ("positives", c_int64),
        ("clusters", c_int64),
        ("auc", pmkt_binary_figure),
        ("ap", pmkt_binary_figure),
        ("brier", pmkt_binary_figure),
        ("log_loss", pmkt_binary_figure),
        ("ece", pmkt_binary_figure),
        ("ece_debiased", pmkt_binary_figure),
        ("rival_auc", pmkt_binary_figure),
        ("rival_ap", pmkt_binary_figure),
        ("rival_brier", pmkt_binary_figure),
        ("rival_log_loss", pmkt_binary_figure),
        ("auc_gain", pmkt_binary_figure),
        ("ap_gain", pmkt_binary_figure),
        ("brier_gain", pmkt_binary_figure),
        ("log_loss_gain", pmkt_binary_figure),
    ]


class pmkt_binary_diagram(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("bins", c_int32),
        ("predicted", POINTER(c_double)),
        ("observed", POINTER(c_double)),
        ("low", POINTER(c_double)),
        ("high", POINTER(c_double)),
        ("n", POINTER(c_int64)),
    ]


class pmkt_purchase(Structure):
    """Opaque."""


class pmkt_purchase_options(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("calibration", c_int32),
        ("l2", c_double),
        ("rows", c_int64),
        ("cart_ms", c_int64),
        ("zone", POINTER(pmkt_zone)),
    ]


class pmkt_purchase_facts(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("features", c_int32),
        ("rows", c_int64),
        ("cart_rows", c_int64),
        ("cart_ms", c_int64),
        ("bytes", c_int64),
    ]


class pmkt_purchase_scores(Structure):
    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("p_goal", POINTER(c_double)),
        ("p_cart", POINTER(c_double)),
        ("time_ms", POINTER(c_double)),
        ("next", POINTER(c_uint32)),
        ("next_p", POINTER(c_double)),
        ("outcome", POINTER(c_double)),
    ]

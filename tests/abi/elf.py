#!/usr/bin/env python3
"""The quiet-library test: loading the shared library runs none of our code, and unloading it neither.

  elf.py LIBRARY

It fails for a constructor or destructor beyond the two that every compiler's start files bring, an ifunc
(code that runs while the library is being loaded), thread-local storage, relocations in the code, and
a stack that could be executed. The file is read here, without tools.
"""

import struct
import sys
from pathlib import Path

PT_DYNAMIC, PT_TLS, PT_GNU_STACK = 2, 7, 0x6474E551
PF_X = 1
SHT_SYMTAB, SHT_RELA, SHT_DYNSYM = 2, 4, 11
STT_GNU_IFUNC = 10
IRELATIVE = {62: 37, 183: 1032}  # of x86-64 and aarch64
DT_RELA, DT_TEXTREL, DT_FLAGS = 7, 22, 30
DT_INIT_ARRAY, DT_FINI_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAYSZ, DT_PREINIT_ARRAYSZ = 25, 26, 27, 28, 33
DF_TEXTREL = 4
START_FILES = {"init": {"frame_dummy"}, "fini": {"__do_global_dtors_aux"}}


class Elf:
    """A 64-bit little-endian ELF file."""

    def __init__(self, path):
        self.data = Path(path).read_bytes()
        if self.data[:6] != b"\x7fELF\x02\x01":
            sys.exit(f"{path} is not a 64-bit little-endian ELF file")
        self.machine = self.read("<H", 18)[0]
        phoff, shoff = self.read("<QQ", 32)
        phentsize, phnum, shentsize, shnum = self.read("<HHHH", 54)
        # type, flags, offset, vaddr, paddr, filesz, memsz, align
        self.segments = [self.read("<IIQQQQQQ", phoff + i * phentsize) for i in range(phnum)]
        # name, type, flags, addr, offset, size, link, info, align, entsize
        self.sections = [self.read("<IIQQQQIIQQ", shoff + i * shentsize) for i in range(shnum)]

    def read(self, form, offset):
        return struct.unpack_from(form, self.data, offset)

    def offset_of(self, address):
        """Where in the file an address is."""
        for _, _, offset, vaddr, _, filesz, _, _ in self.segments:
            if vaddr <= address < vaddr + filesz:
                return offset + address - vaddr
        sys.exit(f"no segment has the address {address:#x}")

    def dynamic(self):
        """The entries of the dynamic section."""
        entries = {}
        for kind, _, offset, _, _, filesz, _, _ in self.segments:
            if kind == PT_DYNAMIC:
                for at in range(offset, offset + filesz, 16):
                    tag, value = self.read("<QQ", at)
                    entries[tag] = value
        return entries

    def entries(self, section_type, form):
        """(section, entry) of every section of a type."""
        for section in self.sections:
            if section[1] == section_type:
                for at in range(section[4], section[4] + section[5], struct.calcsize(form)):
                    yield section, self.read(form, at)

    def symbols(self):
        """(name, type, address) of every symbol."""
        for section_type in (SHT_SYMTAB, SHT_DYNSYM):
            for section, (name, info, _, _, value, _) in self.entries(section_type, "<IBBHQQ"):
                start = self.sections[section[6]][4] + name
                yield self.data[start : self.data.index(b"\0", start)].decode(), info & 15, value

    def relocations(self):
        """(offset, type, addend) of every relocation."""
        for _, (offset, info, addend) in self.entries(SHT_RELA, "<QQq"):
            yield offset, info & 0xFFFFFFFF, addend


def array_problems(elf, dynamic, which, array, size):
    """What runs at loading or unloading that is not of the start files."""
    count = dynamic.get(size, 0) // 8
    start = dynamic.get(array, 0)
    names = {}
    for name, _, value in elf.symbols():
        names.setdefault(value, set()).add(name)
    addends = {offset: addend for offset, _, addend in elf.relocations()}
    for i in range(count):
        place = start + 8 * i
        target = addends.get(place, elf.read("<Q", elf.offset_of(place))[0])
        known = names.get(target, set())
        # without symbols one entry is taken for that of the start files
        if known & START_FILES[which] or (not known and count == 1):
            continue
        yield f".{which}_array runs {'/'.join(sorted(known)) or hex(target)}"


def problems(elf):
    dynamic = elf.dynamic()
    yield from array_problems(elf, dynamic, "init", DT_INIT_ARRAY, DT_INIT_ARRAYSZ)
    yield from array_problems(elf, dynamic, "fini", DT_FINI_ARRAY, DT_FINI_ARRAYSZ)
    if dynamic.get(DT_PREINIT_ARRAYSZ):
        yield "there is a .preinit_array"
    for name, kind, _ in elf.symbols():
        if kind == STT_GNU_IFUNC:
            yield f"{name} is an ifunc"
    if any(kind == IRELATIVE.get(elf.machine) for _, kind, _ in elf.relocations()):
        yield "there are relocations of ifuncs"
    for kind, flags, *_ in elf.segments:
        if kind == PT_TLS:
            yield "there is thread-local storage"
        if kind == PT_GNU_STACK and flags & PF_X:
            yield "the stack could be executed"
    if DT_TEXTREL in dynamic or dynamic.get(DT_FLAGS, 0) & DF_TEXTREL:
        yield "there are relocations in the code"


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    elf = Elf(arguments[0])
    if not elf.segments or DT_RELA not in elf.dynamic():
        sys.exit(f"{arguments[0]} is no shared library")
    found = list(problems(elf))
    print(*found, f"{arguments[0]}: {len(found)} problems", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

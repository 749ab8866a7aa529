#!/usr/bin/python3
"""tee_input.py DIRECTORY NAME PROGRAM [ARGUMENT...]: becomes PROGRAM, keeping a copy of what it reads.

The program keeps its parent, its process id and a pipe as its input, so it cannot tell the difference;
DIRECTORY/NAME-SOMETHING.copy holds the octets that the mail server handed over. NAME `-` stands for
$LOCAL_PART, which Exim sets.
"""

import os
import sys
import tempfile


def copy_and_feed(directory, name, write_end):
    for inherited in (1, 2):
        os.close(inherited)  # the mail server waits until they are closed
    handle, path = tempfile.mkstemp(prefix=name + "-", suffix=".part", dir=directory)
    feeding = True
    with open(handle, "wb") as copy:
        while piece := os.read(0, 65536):
            copy.write(piece)
            try:
                while feeding and piece:
                    piece = piece[os.write(write_end, piece):]
            except BrokenPipeError:
                feeding = False
    os.rename(path, path.replace(".part", ".copy"))


def main(directory, name, *program):
    if name == "-":
        name = os.environ["LOCAL_PART"]
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:  # not a child of the program, which might wait for any child
            os.close(read_end)
            copy_and_feed(directory, name, write_end)
        os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    os.dup2(read_end, 0)
    os.close(read_end)
    os.execv(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])

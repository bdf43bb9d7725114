"""gdb pretty-printers for Shape, Tensor, Parameter, Node and Var, in float and in double.

Loaded by .gdbinit. They read memory only: they work on a core file too, and print what lies there
even when it is not what it should be.
"""

import gdb
import gdb.printing

ROWS, COLUMNS = 6, 8  # of a matrix that are shown


def vector(value):
    """The elements of a std::vector (libstdc++)."""
    begin, end = value["_M_impl"]["_M_start"], value["_M_impl"]["_M_finish"]
    return [begin[i] for i in range(int(end - begin))]


def shape_text(shape):
    rank = int(shape["rank_"])
    return "(" + ",".join(str(int(shape["sizes_"]["_M_elems"][i])) for i in range(rank)) + ")"


def storage(matrix):
    """(data pointer, rows, columns) of a dynamic row-major Eigen matrix."""
    store = matrix["m_storage"]
    return store["m_data"], int(store["m_rows"]), int(store["m_cols"])


def norm(matrix):
    data, rows, cols = storage(matrix)
    return sum(float(data[i]) ** 2 for i in range(rows * cols)) ** 0.5


def tensor_text(tensor):
    """"(2,3) norm 1.234", or "empty"."""
    _, rows, cols = storage(tensor["m"])
    if rows * cols == 0:
        return "empty"
    return f"{shape_text(tensor['shape'])} norm {norm(tensor['m']):.4g}"


def pointed_tensor_text(pointer):
    return tensor_text(pointer.dereference()) if pointer else "none"


def matrix_rows(matrix):
    """Its first rows and columns, as pairs for gdb's children."""
    data, rows, cols = storage(matrix)
    for i in range(min(rows, ROWS)):
        numbers = [f"{float(data[i * cols + j]):9.4f}" for j in range(min(cols, COLUMNS))]
        yield f"[{i}]", "".join(numbers) + (" ..." if cols > COLUMNS else "")
    if rows > ROWS:
        yield f"[{ROWS}..]", f"{rows - ROWS} more rows"


def text_of(string):
    """A std::string, also where the library's own printers were not loaded."""
    try:
        return string["_M_dataplus"]["_M_p"].string()
    except gdb.error:
        return string.format_string(raw=False).strip('"')


class ShapePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return shape_text(self.value)


class TensorPrinter:
    """Shape and norm, then the first rows."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return tensor_text(self.value)

    def children(self):
        return matrix_rows(self.value["m"])


class MatrixPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        _, rows, cols = storage(self.value)
        return f"{rows} x {cols} norm {norm(self.value):.4g}" if rows * cols else "empty"

    def children(self):
        return matrix_rows(self.value)


class ParameterPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        p = self.value
        name = text_of(p["name"])
        state = "trainable" if p["trainable"] else "frozen"
        return f"{name} {tensor_text(p['value'])}, grad {tensor_text(p['grad'])}, {state}"


def node_text(node):
    """"affine(5, 6, 7) (2,3,4) norm 1.2, grad none, frozen"; a parameter's leaf has its name."""
    op = node["op_name"].string()
    if node["parameter"]:
        op += " " + text_of(node["parameter"]["name"])
    else:
        op += "(" + ", ".join(str(int(i)) for i in vector(node["inputs"])) + ")"
    state = "trains" if node["needs_grad"] else "frozen"
    # The shape of a released value is still known.
    value = pointed_tensor_text(node["value"]) if node["value"] else shape_text(node["shape"]) + " released"
    return f"{op} {value}, grad {pointed_tensor_text(node['grad'])}, {state}"


class NodePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return node_text(self.value)


def node_of(tape, number):
    return tape["nodes_"]["_M_impl"]["_M_start"][number]


class VarPrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        if not self.value["tape"]:
            return "no tape"
        number = int(self.value["id"])
        return f"#{number} {node_text(node_of(self.value['tape'].dereference(), number))}"


class TapePrinter:
    def __init__(self, value):
        self.value = value

    def to_string(self):
        return f"tape of {len(vector(self.value['nodes_']))} nodes"


def tape_nodes(expression):
    """The nodes of the tape that an expression of the program names."""
    try:
        return vector(gdb.parse_and_eval(expression)["nodes_"])
    except gdb.error as error:
        raise gdb.GdbError(f"'{expression}' is not a tape: {error}")


class WalkCommand(gdb.Command):
    """walk TAPE ID: the node of that number and, indented under it, the nodes it was made from."""

    def __init__(self):
        super().__init__("walk", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        tape, _, number = argument.partition(" ")
        if not number:
            raise gdb.GdbError("walk TAPE ID, for example: walk tape loss.id")
        nodes, at = tape_nodes(tape), int(gdb.parse_and_eval(number))
        if not 0 <= at < len(nodes):
            raise gdb.GdbError(f"no node {at}: the tape has 0 to {len(nodes) - 1}")
        print(f"#{at} {node_text(nodes[at])}")
        for i in vector(nodes[at]["inputs"]):
            print(f"  #{int(i)} {node_text(nodes[int(i)])}")


class TableCommand(gdb.Command):
    """table TAPE [FIRST [LAST]]: the nodes in recorded order, one a line."""

    def __init__(self):
        super().__init__("table", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        tape, *limits = argument.split() or [""]
        nodes = tape_nodes(tape)
        first, last = ([int(limit) for limit in limits] + [0, len(nodes) - 1][len(limits):])[:2]
        for i in range(max(first, 0), min(last + 1, len(nodes))):
            print(f"#{i} {node_text(nodes[i])}")


class NodeFunction(gdb.Function):
    """$node(TAPE, ID): that node, to print, to take fields of, to watch."""

    def __init__(self):
        super().__init__("node")

    def invoke(self, tape, number):
        return vector(tape["nodes_"])[int(number)]


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("lowrank")
    for name, printer in (("Shape", ShapePrinter), ("Tensor", TensorPrinter),
                          ("Parameter", ParameterPrinter), ("Node", NodePrinter),
                          ("Var", VarPrinter), ("Tape", TapePrinter)):
        # The inline namespace is f32 in the float build and f64 in the double one.
        collection.add_printer(name, rf"^autograd::(f32|f64)::{name}$", printer)
    collection.add_printer("Matrix", r"^Eigen::Matrix<(float|double), -1, -1, 1, -1, -1>$",
                           MatrixPrinter)
    return collection


gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
WalkCommand()
TableCommand()
NodeFunction()

/** Cells of a line, quotes as in RFC 4180 except that a cell ends with its line (no code holds a newline); undefined for an unclosed quote. */
export const splitCells = (line: string, delimiter: string | undefined): readonly string[] | undefined => {
  if (!line.includes('"')) return delimiter === undefined ? [line] : line.split(delimiter);
  const cells: string[] = [];
  for (let at = 0; ; ) {
    const next = line[at] === '"' ? quoted(line, at, delimiter) : plain(line, at, delimiter);
    if (!next) return undefined;
    cells.push(next.cell);
    if (next.end >= line.length) return cells;
    at = next.end + delimiter!.length;
    if (at === line.length) return [...cells, ''];
  }
};
type Cell = { readonly cell: string; readonly end: number };
const plain = (line: string, at: number, delimiter: string | undefined): Cell => {
  const end = delimiter === undefined ? -1 : line.indexOf(delimiter, at);
  return end < 0 ? { cell: line.slice(at), end: line.length } : { cell: line.slice(at, end), end };
};
const quoted = (line: string, at: number, delimiter: string | undefined): Cell | undefined => {
  let cell = '';
  for (let from = at + 1; ; ) {
    const close = line.indexOf('"', from);
    if (close < 0) return undefined;
    cell += line.slice(from, close);
    if (line[close + 1] === '"') {
      cell += '"';
      from = close + 2;
      continue;
    }
    const end = close + 1;
    return end === line.length || (delimiter !== undefined && line.startsWith(delimiter, end)) ? { cell, end } : undefined;
  }
};

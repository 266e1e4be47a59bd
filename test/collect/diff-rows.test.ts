import { describe, expect, test } from "vitest";
import { countRows } from "../../src/collect/csv-rows.ts";
import { diffRows } from "../../src/collect/diff-rows.ts";

function reading(text: string) {
  return async function* () {
    yield Buffer.from(text);
  };
}

function diff(before: string, after: string, limit = 0) {
  return diffRows("/table.csv", { before: reading(before), after: reading(after) }, limit);
}

describe("the rows of two tables", () => {
  test("are compared by the names of their columns, in whatever order these stand", async () => {
    expect(await diff("id,name\n1,a\n2,b\n", "name,id,new\nb,2,x\nc,3,y\n")).toMatchObject({
      columns: ["id", "name"],
      columnsAdded: ["new"],
      removed: [["1", "a"]],
      added: [["3", "c"]],
    });
  });

  test("are compared by place where there is no header", async () => {
    expect(await diff("1,a\n2,b\n", "2,b\n3,c\n")).toMatchObject({
      columns: ["column 1", "column 2"],
      removed: [["1", "a"]],
      added: [["3", "c"]],
    });
  });

  test("count as often as they are there, and fields may hold commas and line ends", async () => {
    const found = await diff('id,text\n1,"a,\nb"\n1,"a,\nb"\n', 'id,text\r\n1,"a,\nb"\r\n');
    expect(found).toMatchObject({ removedCount: 1, addedCount: 0, removed: [["1", "a,\nb"]] });
  });

  test("are not compared where a file is binary, no CSV, or has other columns altogether", async () => {
    expect((await diff("a\n\0", "a\n1\n")).notCompared).toBe("it is binary");
    expect((await diff('a\n"1\n', "a\n1\n")).notCompared).toBe("not readable as CSV (CSV_QUOTE_NOT_CLOSED)");
    expect((await diff("a\nx\n", "b\nx\n")).notCompared).toBe("they have no column in common");
  });

  test("are counted without the header", async () => {
    expect(await countRows("/table.csv", reading("id,name\nx,a\ny,b\n"))).toBe(2);
    expect(await countRows("/table.csv", reading("1,a\n2,b\n"))).toBe(2);
    expect(await countRows("/table.csv", reading(""))).toBe(0);
  });
});

/** The same for all that is here, as in pachd's gateway. */
export const OWNER = { ID: "0".repeat(32), DisplayName: "pachyderm" };
export const STORAGE_CLASS = "STANDARD";
export const LOCATION = "PACHYDERM";

/* Stands in for docker.exe: writes its command line to STUB_LOG, prints a word for "run", and fails
   where an argument is STUB_FAILS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int argc, char **argv) {
  const char *fails = getenv("STUB_FAILS");
  FILE *log = fopen(getenv("STUB_LOG"), "a");
  fprintf(log, "%s\n", GetCommandLineA());
  fclose(log);
  for (int i = 1; fails && i < argc; i++)
    if (strcmp(argv[i], fails) == 0) return 1;
  if (argc > 1 && strcmp(argv[1], "run") == 0)
    printf("%024x%08x\n", 0, (unsigned)GetCurrentProcessId());
  return 0;
}

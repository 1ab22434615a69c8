using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>Who owns which memory, watched by the tools that C programmers use.</summary>
public sealed class OwnershipTests
{
    [Theory]
    [InlineData("functions.c")]
    [InlineData("conversation.c")]
    [InlineData("printing.c")]
    [InlineData("limpets.c")]
    public async Task Valgrind_finds_no_error_and_no_lost_message(string program) =>
        CProgram.AssertWell(await CProgram.CompileAndRun(
            program, null, "valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
            $"--suppressions={Path.Join(CompiledLibrary.Find().Directory, "share", "kbus", "kbus.supp")}"));

    [Theory]
    [InlineData("functions.c")]
    [InlineData("conversation.c")]
    [InlineData("printing.c")]
    [InlineData("limpets.c")]
    public async Task AddressSanitizer_finds_nothing(string program) =>
        CProgram.AssertWell(await CProgram.CompileAndRun(program, ["-fsanitize=address"]));
}

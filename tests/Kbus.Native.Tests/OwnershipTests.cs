using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>Who owns which memory, watched by the tools that C programmers use.</summary>
public sealed class OwnershipTests
{
    private static string Suppressions => $"--suppressions={Path.Join(CompiledLibrary.Find().Directory, "share", "kbus", "kbus.supp")}";

    [Theory]
    [InlineData("functions.c")]
    [InlineData("conversation.c")]
    [InlineData("printing.c")]
    [InlineData("limpets.c")]
    [InlineData("lasterror.c")]
    public async Task Valgrind_finds_no_error_and_nothing_lost(string program) => await Watched(program, Suppressions);

    [Theory]
    [InlineData("functions.c")]
    [InlineData("conversation.c")]
    [InlineData("printing.c")]
    [InlineData("limpets.c")]
    [InlineData("lasterror.c")]
    public async Task Valgrind_without_the_suppression_file_does_not_take_the_table_of_the_runtimes_thread_for_lost(string program) =>
        await Watched(program);

    [Fact]
    public async Task Valgrind_takes_nothing_for_lost_when_no_kbusd_is_to_be_found() => await Watched("nokbusd.c", Suppressions);

    [Fact]
    public async Task Valgrind_takes_nothing_for_lost_when_a_kbusd_is_started_and_cannot_serve() => await Watched("failedkbusd.c", Suppressions);

    [Theory]
    [InlineData("functions.c")]
    [InlineData("conversation.c")]
    [InlineData("printing.c")]
    [InlineData("limpets.c")]
    [InlineData("nokbusd.c")]
    [InlineData("failedkbusd.c")]
    [InlineData("lasterror.c")]
    public async Task AddressSanitizer_finds_nothing(string program) =>
        CProgram.AssertWell(await CProgram.CompileAndRun(program, ["-fsanitize=address"]));

    /// <summary>What a programmer does who looks for leaks: with the kinds of leaks that valgrind takes for errors by itself.</summary>
    private static async Task Watched(string program, params string[] options) =>
        CProgram.AssertWell(await CProgram.CompileAndRun(program, null, ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full", .. options]));
}

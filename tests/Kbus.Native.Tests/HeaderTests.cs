using System.Diagnostics;
using Kbus.Replay;

namespace Kbus.Native.Tests;

/// <summary>The headers, the symbols, and what finds the library.</summary>
public sealed class HeaderTests
{
    private static readonly string[] Strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wcast-qual", "-Wconversion", "-Wshadow", "-Wundef"];

    /// <summary>Each header alone, twice, and all in some orders.</summary>
    private static readonly string[][] Inclusions =
    [
        ["kbus.h"], ["kbus.h", "kbus.h"],
        ["limpet.h"], ["limpet.h", "limpet.h"],
        ["kbus/kbus.h"], ["kbus/limpet.h"], ["kbus/kbus.h", "kbus.h", "limpet.h", "kbus/limpet.h"],
        ["linux/kbus_defns.h"], ["linux/kbus_defns.h", "linux/kbus_defns.h"],
        ["kbus.h", "limpet.h", "linux/kbus_defns.h"], ["kbus.h", "linux/kbus_defns.h", "limpet.h"],
        ["limpet.h", "kbus.h", "linux/kbus_defns.h"], ["limpet.h", "linux/kbus_defns.h", "kbus.h"],
        ["linux/kbus_defns.h", "kbus.h", "limpet.h"], ["linux/kbus_defns.h", "limpet.h", "kbus.h"],
    ];

    [Theory]
    [InlineData("gcc", "c", "c89")]
    [InlineData("gcc", "c", "gnu89")]
    [InlineData("gcc", "c", "c99")]
    [InlineData("gcc", "c", "c11")]
    [InlineData("gcc", "c", "c17")]
    [InlineData("gcc", "c", "gnu17")]
    [InlineData("gcc", "c", "c2x")]
    [InlineData("gcc", "c", "gnu2x")]
    [InlineData("g++", "c++", "c++98")]
    [InlineData("g++", "c++", "c++11")]
    [InlineData("g++", "c++", "c++17")]
    [InlineData("g++", "c++", "c++20")]
    [InlineData("g++", "c++", "c++23")]
    public void The_headers_pass_without_a_warning_alone_twice_and_in_any_order(string compiler, string language, string standard)
    {
        foreach (string[] headers in Inclusions)
        {
            CompiledLibrary.Run(compiler, [
                "-x", language, $"-std={standard}", .. Strict, "-fsyntax-only",
                .. headers.SelectMany(h => (string[])["-include", Path.Join(CompiledLibrary.Find().IncludeDirectory, h)]), "/dev/null"]);
        }
    }

    /// <summary>What newer compilers than ours make errors of is an error here, too.</summary>
    [Theory]
    [InlineData("gcc", "c", "c89")]
    [InlineData("gcc", "c", "gnu89")]
    [InlineData("gcc", "c", "c99")]
    [InlineData("gcc", "c", "gnu99")]
    [InlineData("gcc", "c", "c11")]
    [InlineData("gcc", "c", "c17")]
    [InlineData("gcc", "c", "c2x")]
    [InlineData("gcc", "c", "gnu2x")]
    [InlineData("g++", "c++", "c++98")]
    [InlineData("g++", "c++", "c++11")]
    [InlineData("g++", "c++", "c++14")]
    [InlineData("g++", "c++", "c++17")]
    [InlineData("g++", "c++", "c++20")]
    [InlineData("g++", "c++", "c++23")]
    public async Task A_program_that_relied_on_what_the_originals_header_brought_in_compiles_and_runs(string compiler, string language, string standard)
    {
        string[] strictest = language == "c"
            ? ["-Werror=implicit-function-declaration", "-Werror=implicit-int", "-Werror=int-conversion", "-Werror=incompatible-pointer-types"]
            : [];
        foreach (string[] place in new string[][] { [], ["-DIN_A_FOLDER"] })
        {
            string program = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
            CompiledLibrary library = CompiledLibrary.Find();
            CompiledLibrary.Run(compiler, [
                $"-std={standard}", .. Strict, .. strictest, .. place, $"-I{library.IncludeDirectory}", "-x", language, CProgram.Source("broughtin.c"), "-x", "none",
                "-o", program, $"-L{library.LibraryDirectory}", "-lkbus", $"-Wl,-rpath,{library.LibraryDirectory}"]);
            CProgram.AssertWell(await CProgram.Run(program));
            File.Delete(program);
        }
    }

    [Theory]
    [InlineData("g++", "c++98", "plusplus.cc")]
    [InlineData("g++", "c++11", "plusplus.cc")]
    [InlineData("g++", "c++17", "plusplus.cc")]
    [InlineData("g++", "c++20", "plusplus.cc")]
    [InlineData("gcc", "c89", "oldest.c")]
    public async Task A_program_of_cplusplus_or_of_the_oldest_c_sends_and_hears(string compiler, string standard, string source)
    {
        string program = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
        CompiledLibrary.Run(compiler, [$"-std={standard}", .. Strict, .. CompiledLibrary.Find().Arguments(CProgram.Source(source), program)]);
        CProgram.AssertWell(await CProgram.Run(program));
        File.Delete(program);
    }

    [Fact]
    public void Only_names_that_begin_with_kbus_are_shown()
    {
        string[] shown = Lines("nm", "-D", "--defined-only", Path.Join(CompiledLibrary.Find().LibraryDirectory, "libkbus.so"));
        string[] symbols = [.. shown.Where(l => !l.Contains(" A ", StringComparison.Ordinal)).Select(l => l.Split(' ')[^1])];
        Assert.NotEmpty(symbols);
        Assert.All(symbols, s => Assert.StartsWith("kbus_", s, StringComparison.Ordinal));
        string headers = string.Concat(
            new[] { "kbus.h", "limpet.h" }.Select(h => File.ReadAllText(Path.Join(CompiledLibrary.Find().IncludeDirectory, h))));
        Assert.All(symbols, s => Assert.Contains(s.Split('@')[0] + "(", headers, StringComparison.Ordinal));
        Assert.Equal(10, symbols.Count(s => s.StartsWith("kbus_limpet_", StringComparison.Ordinal) || s.Contains("serialise", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("functions.c")]
    [InlineData("lasterror.c")]
    [InlineData("forking.c")]
    [InlineData("cancelling.c")]
    [InlineData("lastthread.c")]
    [InlineData("closedstandard.c")]
    [InlineData("refused.c")]
    [InlineData("smallstack.c")]
    public async Task A_program_may_have_the_library_in_itself(string source)
    {
        CompiledLibrary library = CompiledLibrary.Find();
        string program = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
        CompiledLibrary.Run("gcc", [
            "-std=gnu11", "-Wall", "-Wextra", "-Werror", $"-I{library.IncludeDirectory}", CProgram.Source(source), "-o", program,
            Path.Join(library.LibraryDirectory, "libkbus.a"), "-lm", "-ldl", "-lpthread", "-Wl,--gc-sections"]);
        Assert.DoesNotContain(Lines("ldd", program), l => l.Contains("libkbus", StringComparison.Ordinal));
        CProgram.AssertWell(await CProgram.Run(program));
        File.Delete(program);
    }

    [Fact]
    public void The_library_for_programs_to_have_in_themselves_shows_only_names_that_begin_with_kbus()
    {
        string[] shown = Lines("nm", "--defined-only", "--extern-only", Path.Join(CompiledLibrary.Find().LibraryDirectory, "libkbus.a"));
        string[] symbols = [.. shown.Where(l => l.Contains(' ', StringComparison.Ordinal)).Select(l => l.Split(' ')[^1])];
        Assert.Contains("kbus_last_error", symbols);
        Assert.All(symbols, s => Assert.StartsWith("kbus_", s, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pkg_config_finds_the_library()
    {
        Environment.SetEnvironmentVariable("PKG_CONFIG_PATH", Path.Join(CompiledLibrary.Find().LibraryDirectory, "pkgconfig"));
        string[] flags = string.Join(' ', Lines("pkg-config", "--cflags", "--libs", "kbus")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string program = Path.Join(Path.GetTempPath(), $"kbus-{Path.GetRandomFileName()}");
        CompiledLibrary.Run("gcc", [CProgram.Source("functions.c"), "-o", program, .. flags, $"-Wl,-rpath,{CompiledLibrary.Find().LibraryDirectory}"]);
        CProgram.AssertWell(await CProgram.Run(program));
        File.Delete(program);
    }

    [Fact]
    public async Task Cmake_finds_the_library()
    {
        string directory = Directory.CreateTempSubdirectory("kbus-").FullName;
        File.Copy(CProgram.Source("functions.c"), Path.Join(directory, "functions.c"));
        File.Copy(CProgram.Source("check.h"), Path.Join(directory, "check.h"));
        File.WriteAllText(
            Path.Join(directory, "CMakeLists.txt"),
            """
            cmake_minimum_required(VERSION 3.13)
            project(example C)
            find_package(Kbus 0.1 REQUIRED)
            add_executable(functions functions.c)
            target_link_libraries(functions PRIVATE Kbus::kbus)
            """);
        _ = Lines("cmake", "-S", directory, "-B", Path.Join(directory, "out"), $"-DCMAKE_PREFIX_PATH={CompiledLibrary.Find().Directory}");
        _ = Lines("cmake", "--build", Path.Join(directory, "out"));
        CProgram.AssertWell(await CProgram.Run(Path.Join(directory, "out", "functions")));
        Directory.Delete(directory, recursive: true);
    }

    private static string[] Lines(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, said);
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

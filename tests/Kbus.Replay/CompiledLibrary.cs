using System.Diagnostics;

namespace Kbus.Replay;

/// <summary>The C library as <c>./test</c> and <c>./build</c> compile it, and how programs are compiled against it.</summary>
internal sealed class CompiledLibrary
{
    private CompiledLibrary(string directory) => Directory = directory;

    /// <summary>Where <c>lib</c> and <c>include</c> are.</summary>
    public string Directory { get; }

    /// <summary>Where the library itself is.</summary>
    public string LibraryDirectory => Path.Join(Directory, "lib");

    /// <summary>Where the headers are.</summary>
    public string IncludeDirectory => Path.Join(Directory, "include");

    /// <summary>Finds what <c>./test</c> has made in this checkout, or what <c>KBUS_LIBRARY_PREFIX</c> names.</summary>
    /// <exception cref="FileNotFoundException">It has not been made.</exception>
    public static CompiledLibrary Find()
    {
        string? place = Environment.GetEnvironmentVariable("KBUS_LIBRARY_PREFIX");
        if (string.IsNullOrEmpty(place))
        {
            place = Path.Join(Checkout.Root, "artifacts", "libkbus");
        }

        string library = Path.Join(place, "lib", "libkbus.so");
        return File.Exists(library)
            ? new CompiledLibrary(place)
            : throw new FileNotFoundException("The C library has not been compiled: './test Kbus.Native.Tests' does it.", library);
    }

    /// <summary>Compiles a C program, without any warning, and links it with the library.</summary>
    /// <param name="source">Its source.</param>
    /// <param name="program">Where the program goes.</param>
    /// <param name="options">Options of the compiler beside the usual ones.</param>
    /// <exception cref="InvalidOperationException">The compiler had something to say.</exception>
    public void Compile(string source, string program, params string[] options) =>
        Run("gcc", ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", .. options, .. Arguments(source, program)]);

    /// <summary>What to tell any compiler about the program and this library.</summary>
    public string[] Arguments(string source, string program) =>
        [$"-I{IncludeDirectory}", source, "-o", program, $"-L{LibraryDirectory}", "-lkbus", "-pthread", $"-Wl,-rpath,{LibraryDirectory}"];

    /// <summary>Runs a compiler.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it said.</exception>
    public static void Run(string compiler, IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(compiler, arguments) { RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{compiler} could not be started.");
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{compiler}: {said}");
        }
    }
}

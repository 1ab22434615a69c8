using System.Text.RegularExpressions;

namespace Kbus.Python.Tests;

/// <summary>The tests of the Python package, which are written in Python (<c>python/tests</c>): each is a case here.</summary>
public sealed partial class PythonTests
{
    /// <summary>As <c>test_messages.IdTests.test_printed</c>.</summary>
    public static TheoryData<string> Names => [.. Modules.SelectMany(TestsIn)];

    /// <summary>As <c>test_messages</c>.</summary>
    public static TheoryData<string> ModuleNames => [.. Modules];

    private static IEnumerable<string> Modules =>
        Directory.GetFiles(Path.Join(Checkout.Root, "python", "tests"), "test_*.py")
            .Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_test_in_python_passes(string test)
    {
        PythonReport report = await PythonReport.Of(test.Split('.')[0]);
        Assert.True(report.Wrong.ContainsKey(test), $"{test} was not run. Python said: {report.Complaints}");
        Assert.True(report.Wrong[test] is null, report.Wrong[test]);
    }

    [Theory]
    [MemberData(nameof(ModuleNames))]
    public async Task Python_runs_the_tests_that_are_found_here_and_no_others(string module)
    {
        PythonReport report = await PythonReport.Of(module);
        Assert.Equal(TestsIn(module).Order(StringComparer.Ordinal), report.Wrong.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("", report.Complaints);
        Assert.Equal(0, report.ExitCode);
    }

    private static IEnumerable<string> TestsIn(string module)
    {
        string group = "";
        foreach (string line in File.ReadLines(Path.Join(Checkout.Root, "python", "tests", module + ".py")))
        {
            if (Declaration().Match(line) is not { Success: true } found)
            {
                continue;
            }

            if (found.Groups["class"].Success)
            {
                group = found.Groups["class"].Value;
            }
            else
            {
                yield return $"{module}.{group}.{found.Groups["test"].Value}";
            }
        }
    }

    [GeneratedRegex(@"^class (?<class>\w+)|^    def (?<test>test_\w+)\(")]
    private static partial Regex Declaration();
}

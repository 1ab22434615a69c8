using System.Text.RegularExpressions;

namespace Kbus.Native.Tests;

/// <summary>The printed forms of spec section 11.2.</summary>
public sealed class PrintingTests
{
    private const string Wanted =
        """
        <Request '$.Fred' id=[0:1] from=1 flags=0x3 REQ YOU data=Hellow>
        <Request '$.Fred' id=[0:1] from=1 flags=0x3 REQ YOU data=Hellow>
        <ReplierBindEvent id=[0:9] flags=0x204 SYN aFL data= [Bind '$.Fred' for 7]>
        <ReplierBindEvent id=[0:9] flags=0x204 SYN aFL data= [Bind '$.Fred' for 7]>
        <Announcement '$.Evil\x9b31m\x1b[2J'>
        <Announcement '$.Evil\x9b31m\x1b[2J'>
        <Reply '$.Long' to=2 orig_from=(4,5) in_reply_to=[0:3] data=0123456789abcdefghij...>
        <Reply '$.Long' to=2 orig_from=(4,5) in_reply_to=[0:3] data=0123456789abcdefghij\x0a\xff>
        Message at 0x*
          start guard 0x7375624b
          id          {0,0}
          in_reply_to {0,3}
          to          2
          from        0
          orig_from   {4,5}
          final_to    {0,0}
          flags       00000000
          name_len    6
          data_len    22
          name ptr    0x*
          data ptr    0x*
          end guard   0x4b627573
          name        $.Long
          data        0123456789abcdefghij??
            30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66
            67 68 69 6a 0a ff
          all bytes
        """;

    [Fact]
    public async Task Messages_are_printed_and_dumped_as_the_original_does()
    {
        CProgram.Ending ending = await CProgram.CompileAndRun("printing.c");
        CProgram.AssertWell(ending);
        string[] lines = ending.Output.Split('\n');
        string[] wanted = Wanted.Split('\n');
        for (int i = 0; i < wanted.Length; i++)
        {
            Assert.Matches("^" + Regex.Escape(wanted[i]).Replace("\\*", "[0-9a-f]+", StringComparison.Ordinal) + "$", lines[i]);
        }

        // All bytes: the 88 of the header, 26 in a line.
        Assert.Equal([26, 26, 26, 10], lines[wanted.Length..^1].Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length));
    }
}

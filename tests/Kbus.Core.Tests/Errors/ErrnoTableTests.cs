using System.ComponentModel;

namespace Kbus.Core.Tests;

/// <summary>What the errnos mean, in words for people.</summary>
public sealed class ErrnoTableTests
{
    /// <summary>41 and 58 are other names of 11 and 35 that Linux never gave a number of their own.</summary>
    [Fact]
    public void Every_errno_of_Linux_is_known() =>
        Assert.Equal(Enumerable.Range(1, 133).Except([41, 58]), ErrnoTable.All.Select(e => (int)e));

    [Fact]
    public void The_meaning_to_Unix_is_what_the_C_library_says() =>
        Assert.All(ErrnoTable.All, e => Assert.Equal(new Win32Exception((int)e).Message, ErrnoTable.UnixMeaning(e)));

    [Fact]
    public void The_meaning_of_a_broken_pipe_is_that_of_the_paper()
    {
        Assert.Equal("Broken pipe", ErrnoTable.UnixMeaning(Errno.EPIPE));
        Assert.Equal(
            "On attempting to send 'to' a specific replier, the replier with that id\nis no longer bound to the given message's name.",
            ErrnoTable.KbusMeaning(Errno.EPIPE));
    }

    [Theory]
    [InlineData(Errno.EADDRINUSE)]
    [InlineData(Errno.EADDRNOTAVAIL)]
    [InlineData(Errno.EALREADY)]
    [InlineData(Errno.EBADMSG)]
    [InlineData(Errno.EBUSY)]
    [InlineData(Errno.ECONNREFUSED)]
    [InlineData(Errno.EINVAL)]
    [InlineData(Errno.EMSGSIZE)]
    [InlineData(Errno.ENAMETOOLONG)]
    [InlineData(Errno.ENOENT)]
    [InlineData(Errno.ENOLCK)]
    [InlineData(Errno.ENOMSG)]
    [InlineData(Errno.EPIPE)]
    [InlineData(Errno.EFAULT)]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EAGAIN)]
    [InlineData(Errno.ENODEV)]
    public void An_errno_that_a_bus_gives_has_a_meaning_and_an_advice(Errno errno)
    {
        Assert.False(string.IsNullOrWhiteSpace(ErrnoTable.KbusMeaning(errno)));
        Assert.False(string.IsNullOrWhiteSpace(ErrnoTable.Advice(errno)));
    }

    /// <summary>An error says the case that applies alone, so each must stand by itself.</summary>
    [Fact]
    public void Each_case_of_an_errno_has_a_key_a_meaning_and_an_advice_of_its_own() => Assert.All(ErrnoTable.All, e =>
    {
        ErrnoCase[] cases = ErrnoTable.Cases(e);
        Assert.Equal(ErrnoTable.KbusMeaning(e) is not null, cases.Length > 0);
        Assert.Distinct(cases.Select(c => c.Key));
        Assert.Distinct(cases.Select(c => c.Meaning));
        Assert.All(cases, c => Assert.True(c.Meaning.EndsWith('.') || c.Meaning.EndsWith(')'), c.Meaning));
        Assert.All(cases, c => Assert.EndsWith(".", c.Advice, StringComparison.Ordinal));
        Assert.All(cases, c => Assert.DoesNotContain("For a ", c.Advice, StringComparison.Ordinal));
        Assert.All(cases, c => Assert.DoesNotContain("othing was sent", c.Advice, StringComparison.Ordinal));
    });

    [Theory]
    [InlineData("EPIPE", Errno.EPIPE)]
    [InlineData("epipe", Errno.EPIPE)]
    [InlineData("32", Errno.EPIPE)]
    [InlineData("EWOULDBLOCK", Errno.EAGAIN)]
    public void An_errno_is_found_by_symbol_and_by_number(string text, Errno errno)
    {
        Assert.True(ErrnoTable.TryParse(text, out Errno found));
        Assert.Equal(errno, found);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("134")]
    [InlineData("EVERYTHING")]
    public void What_is_no_errno_is_not_found(string text) => Assert.False(ErrnoTable.TryParse(text, out _));

    [Fact]
    public void An_unknown_number_stands_for_itself()
    {
        Assert.Equal("999", ErrnoTable.Name((Errno)999));
        Assert.Equal("Unknown error 999", ErrnoTable.UnixMeaning((Errno)999));
        Assert.Null(ErrnoTable.KbusMeaning((Errno)999));
    }
}

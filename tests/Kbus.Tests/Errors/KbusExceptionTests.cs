namespace Kbus.Tests;

/// <summary>Errors as people read them.</summary>
public sealed class KbusExceptionTests
{
    [Fact]
    public void An_exception_says_what_happened_and_what_to_do()
    {
        var exception = new KbusException(Errno.EPIPE, "Ksock 3 has left.");
        Assert.Equal($"EPIPE: Ksock 3 has left. {KbusErrors.Advice(Errno.EPIPE)}", exception.Message);
        Assert.Equal((Errno.EPIPE, 32), (exception.Errno, exception.HResult));
        Assert.Equal(KbusErrors.KbusMeaning(Errno.EPIPE), exception.KbusMeaning);
    }

    [Fact]
    public void Without_facts_the_meaning_of_the_error_is_told()
    {
        Assert.StartsWith("ENOMSG: On attempting to send, there is no message to send: none was written since the last one", new KbusException(Errno.ENOMSG).Message, StringComparison.Ordinal);
        Assert.Equal("EXDEV: Invalid cross-device link.", new KbusException(Errno.EXDEV).Message);
        Assert.DoesNotContain('\n', new KbusException(Errno.EBUSY).Message);
    }

    [Fact]
    public void An_exception_keeps_what_it_came_from()
    {
        var inner = new InvalidOperationException();
        Assert.Same(inner, new KbusException(Errno.EIO, "x", inner).InnerException);
        Assert.Same(inner, new KbusException("x", inner).InnerException);
        Assert.Equal(Errno.EIO, new KbusException().Errno);
        Assert.Equal(Errno.EIO, new KbusException("x").Errno);
    }

    [Theory]
    [InlineData("EPIPE")]
    [InlineData("epipe")]
    [InlineData("32")]
    public void An_error_is_found_by_symbol_or_number(string text)
    {
        Assert.True(KbusErrors.TryParse(text, out Errno errno));
        Assert.Equal(Errno.EPIPE, errno);
        Assert.Equal(("EPIPE", "Broken pipe"), (KbusErrors.Name(errno), KbusErrors.UnixMeaning(errno)));
        Assert.False(KbusErrors.TryParse("ENOTHING", out _));
        Assert.False(KbusErrors.TryParse(null, out _));
        Assert.Contains(Errno.EPIPE, KbusErrors.All);
    }
}
